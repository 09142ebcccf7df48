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

/// Whom a connection goes to. Requests to equal origins can share connections.
struct origin {
  std::string host;  // without brackets
  std::uint16_t port = 80;
  parley::version version = parley::version::http1_1;
  std::string unix_socket = {};  // the path to connect to instead; empty: none
  bool secure = false;           // https
  bool verify = true;            // its certificate
  speaks choice = speaks::exactly;

  friend bool operator==(const origin&, const origin&) = default;
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

struct plan {
  origin to;
  semantics::request_head head;
  engine::content_length length;
  std::shared_ptr<const std::string> content;    // shared, so that the request can be sent again without a copy
  std::function<task<>(body_writer&)> producer;  // empty when the content is `content`
  std::optional<std::chrono::milliseconds> expect_continue;
  bool offers_upgrade = false;  // its fields say so now
  std::string alternative{};    // so does Alt-Used

  bool early = false;  // may go as early data (RFC 8470)
  /// The content can be sent (again): it lies in memory, or its producer has not been called yet.
  [[nodiscard]] bool content_at_hand() const { return content || producer || length.what == engine::content_length::kind::none; }
};

/// Takes the request apart. Throws `fetch_error` (bad_url, not_supported) when it names nobody that we could ask, and
/// `std::invalid_argument` when it cannot be sent in the version that is asked for.
[[nodiscard]] plan make_plan(request&& req, const options& how);

/// Makes its head one for this version of a connection: HTTP/2 or 3, or else what it was planned for.
void prepare_for(plan& of, parley::version spoken);
/// Makes it ask for HTTP/2 in cleartext (RFC 7540 §3.2.1), with what we say in SETTINGS; or not, as by default.
void offer_upgrade(plan& of, bool offered, bool push);

/// Makes it say that it goes to this alternative (Alt-Used, RFC 7838 §5); empty: to its origin.
void name_alternative(plan& of, const std::string& used);

/// Makes it what is sent again after a 417 (RFC 9110 §10.1.1).
void drop_expectation(plan& of);

}  // namespace parley::fetching
