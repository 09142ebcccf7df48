// A request made ready to be sent: where to, its head, and where its content comes from.
#pragma once

#include "engine/events.hpp"
#include "semantics/message_head.hpp"

#include <parley/body.hpp>
#include <parley/client.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley::fetching {

/// Which versions a connection may come to speak.
enum class speaks : std::uint8_t {
  exactly,      // origin::version and no other
  best,         // https: what the server picks by ALPN, HTTP/2 or 1.1; HTTP/3 where it has announced that (RFC 7838)
  over_tcp,     // https: as `best`, but never HTTP/3
  http3_first,  // https: HTTP/3 where QUIC gets through, else as `over_tcp`
  upgrade,      // http: 1.1 that asks to go on as HTTP/2 (`Upgrade: h2c`, RFC 7540 §3.2)
};

/// A proxy, as it is reached.
struct proxy_way {
  std::string host;  // without brackets
  std::uint16_t port = 80;
  bool secure = false;
  bool verify = true;  // its certificate
  std::string user = {}, password = {};

  friend bool operator==(const proxy_way&, const proxy_way&) = default;
  /// For messages.
  [[nodiscard]] std::string to_string() const { return "the proxy " + host + " port " + std::to_string(port); }
};

/// What a connection to a proxy is for.
enum class relaying : std::uint8_t {
  nothing,   // it is a server's own
  requests,  // each for another server, in absolute-form
  tunnels,   // CONNECT
};

/// Whom a connection goes to. Requests to equal origins can share connections.
struct origin {
  std::string host;  // without brackets
  std::uint16_t port = 80;
  parley::version version = parley::version::http1_1;
  std::string unix_socket = {};  // the path to connect to instead; empty: none
  bool secure = false;           // https
  bool verify = true;            // its certificate
  speaks choice = speaks::exactly;
  std::shared_ptr<const proxy_way> via = {};  // through a tunnel of this proxy; null: straight
  relaying relays = relaying::nothing;        // it is a proxy itself

  friend bool operator==(const origin& a, const origin& b) {
    return a.host == b.host && a.port == b.port && a.version == b.version && a.unix_socket == b.unix_socket &&
           a.secure == b.secure && a.verify == b.verify && a.choice == b.choice && a.relays == b.relays &&
           (a.via == b.via || (a.via && b.via && *a.via == *b.via));
  }
  /// A server that was reached straight: what it says of itself, and its certificate, is its own.
  [[nodiscard]] bool straight() const { return !via && relays == relaying::nothing && unix_socket.empty(); }
  /// Its connections can turn out to be HTTP/2 or 3, which many requests share.
  [[nodiscard]] bool may_multiplex() const { return choice != speaks::exactly || version >= parley::version::http2; }
  /// Whether another origin's connection of that version may carry its requests.
  [[nodiscard]] bool takes(parley::version spoken) const;
  [[nodiscard]] bool only_http3() const { return choice == speaks::exactly && version == parley::version::http3; }
  /// https where what the server picks is as good as any other.
  [[nodiscard]] bool open_to_any() const {
    return choice == speaks::best || choice == speaks::over_tcp || choice == speaks::http3_first;
  }
  /// For messages: `localhost port 8080`, `localhost on unix:/run/parley.sock`.
  [[nodiscard]] std::string to_string() const;
};

struct origin_hash {
  [[nodiscard]] std::size_t operator()(const origin& of) const;
};

/// What a request carries.
struct message_content {
  engine::content_length length = {};
  std::shared_ptr<const std::string> bytes = {};
  std::function<task<>(body_writer&)> producer = {};  // empty when the content is `bytes`
  bool repeatable = false;                            // the producer may be called again

  /// Before any of it was sent, or when all of it can be sent again.
  [[nodiscard]] bool at_hand() const { return bytes || producer || length.what == engine::content_length::kind::none; }
};

struct plan {
  origin to;
  semantics::request_head head;
  engine::content_length length;
  std::shared_ptr<const std::string> content;    // shared, so that the request can be sent again without a copy
  std::function<task<>(body_writer&)> producer;  // empty when the content is `content`
  bool repeatable = false;                       // the producer stays here when it is called
  std::optional<std::chrono::milliseconds> expect_continue;
  bool expectation_given = false;  // by a field of the request: who wrote it hears of a 417
  bool offers_upgrade = false;     // its fields say so now
  std::string alternative{};       // so does Alt-Used

  bool early = false;  // may go as early data (RFC 8470)
  /// The content can be sent (again): it lies in memory, or its producer has not been called yet.
  [[nodiscard]] bool content_at_hand() const { return content || producer || length.what == engine::content_length::kind::none; }
};

/// Takes the request apart. Throws `fetch_error` (bad_url, not_supported) when it names nobody that we could ask, and
/// `std::invalid_argument` when it cannot be sent in the version that is asked for.
[[nodiscard]] plan make_plan(request&& req, const options& how);
/// The same with content that was taken from an earlier request.
[[nodiscard]] plan make_plan(request&& req, message_content with, const options& how);
[[nodiscard]] message_content take_content(request& req);
/// Sends it to this proxy: as a request in absolute-form, or through a tunnel. Throws `fetch_error` (not_supported).
void send_by_proxy(plan& of, proxy_way by, const options& how);
/// What opens a tunnel to `to`.
[[nodiscard]] plan make_tunnel_plan(const origin& to);

/// Makes its head one for this version of a connection: HTTP/2 or 3, or else what it was planned for.
void prepare_for(plan& of, parley::version spoken);
/// Makes it ask for HTTP/2 in cleartext (RFC 7540 §3.2.1), with what we say in SETTINGS; or not, as by default.
void offer_upgrade(plan& of, bool offered, bool push);

/// Makes it say that it goes to this alternative (Alt-Used, RFC 7838 §5); empty: to its origin.
void name_alternative(plan& of, const std::string& used);

/// Makes it what is sent again after a 417 (RFC 9110 §10.1.1).
void drop_expectation(plan& of);

}  // namespace parley::fetching
