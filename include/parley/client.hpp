// The client.
//
//   auto res = parley::fetch("http://localhost:8080/hello/ada");                  // blocking, any thread but a loop's
//   parley::client http;
//   auto getting = http.get("http://localhost:8080/hello/ada", options);          // on a loop; with g++ 12 name the task first
//   auto res = co_await getting;
#pragma once

#include <parley/cookie_jar.hpp>
#include <parley/limits.hpp>
#include <parley/login.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

namespace engine {
class observer;  // src/engine/observer.hpp
}
namespace detail {
struct agent_settings;  // src/client/agent_settings.hpp
}

/// Why there is no response, or not all of one. `what()` names host, step and reason in one sentence.
class PARLEY_API fetch_error : public std::runtime_error {
 public:
  enum class kind {
    bad_url,
    not_supported,
    resolve,
    connect,
    timeout,
    protocol,
    connection_lost,
    content_too_large,
    tls,          // https: no session could be agreed upon, or it broke
    certificate,  // https: the server did not prove that it is who the URL names
    address,      // the host has no address that `client::addresses` takes
    credentials,  // https: what `client::trust` or `client::certificate` was given cannot be used
    redirect,     // the server sends the request somewhere where it may not go, or round in circles
    decoding,     // content that is not what its Content-Encoding says, or that grows beyond what `options::decode` allows
    digest,       // content that is not what its Content-Digest or Repr-Digest says
    proxy,        // the proxy did not open a tunnel
    login,        // the server did not prove that it knows the password
  };
  fetch_error(kind why, const std::string& message) : std::runtime_error(message), kind_(why) {}
  [[nodiscard]] kind why() const { return kind_; }

 private:
  kind kind_;
};

/// How a request is to be sent. Chained setters; a plain value.
class PARLEY_API options {
 public:
  /// The version to speak, and no other. Default: over https what the server picks by ALPN, HTTP/2 or HTTP/1.1 (RFC 7301), and HTTP/3
  /// where it has announced that (see `client`); over http HTTP/1.1. `http2` over https offers HTTP/2 alone, and it is an error when
  /// the server does not take it; over http it is spoken without asking (prior knowledge, RFC 9113 §3.3). `http3` is for https, over
  /// QUIC on the URL's UDP port, and it is an error when nobody answers there.
  options& version(parley::version v) {
    version_ = v;
    return *this;
  }
  /// http: a request without content asks to go on with HTTP/2 (`Upgrade: h2c`, RFC 7540 §3.2); a server that does not answers it as
  /// HTTP/1.1. https: HTTP/2 or HTTP/1.1, as by default, but not HTTP/3. Without effect when a version is asked for. Default: not used.
  options& upgrade(bool on = true) {
    upgrade_ = on;
    return *this;
  }
  /// https: HTTP/3 is tried first, over QUIC on the URL's UDP port, though nobody has announced it. Where no QUIC connection has
  /// come about after 250 ms, or it fails before, TCP is tried as well, and the first one that is there is used. Without effect
  /// over http, over a Unix socket, when a version is asked for, and in a build without QUIC. Default: not used.
  options& http3_first(bool on = true) {
    http3_first_ = on;
    return *this;
  }
  /// HTTP/3: where the client has spoken with the server before, a request by a safe method without content goes with the first
  /// packet, before the handshake is done (early data, 0-RTT; RFC 8470), to the address where the server was. Whoever sees that packet can
  /// send a copy of it to the server, which must do no harm there. What the server refuses or answers with 425 is sent again by
  /// itself once the handshake is done. Default: not used.
  options& early_data(bool on = true) {
    early_data_ = on;
    return *this;
  }
  /// For the whole fetch, from look-up to the last byte (to the head, when streaming). Default: none.
  options& timeout(std::chrono::milliseconds t) {
    timeout_ = t;
    return *this;
  }
  /// For look-up and connecting. Default 30 s.
  options& connect_timeout(std::chrono::milliseconds t) {
    connect_timeout_ = t;
    return *this;
  }
  /// The most content that is collected; above it `fetch_error`. Default 64 MiB. Not for streams.
  options& content_limit(std::size_t bytes) {
    content_limit_ = bytes;
    return *this;
  }
  /// https: takes any certificate, so that the connection is encrypted, and nobody knows with whom. Default: the certificate must be
  /// valid, for the URL's host, and vouched for by an authority of the system, the local one (parley/ca.hpp), or one given to
  /// `client::trust`.
  options& insecure(bool on = true) {
    insecure_ = on;
    return *this;
  }
  /// The response comes at its head, and its content is read through `body()`. It may outlive the client, but not the loop.
  options& streamed(bool on = true) {
    streamed_ = on;
    return *this;
  }
  /// Called for each interim response (1xx) but 101.
  options& on_informational(std::function<void(const response&)> f) {
    on_informational_ = std::move(f);
    return *this;
  }
  /// Sends `Expect: 100-continue` and waits up to this long before it sends content anyway. Default: not used.
  options& expect_continue(std::chrono::milliseconds wait) {
    expect_continue_ = wait;
    return *this;
  }

  /// Connects to this Unix socket instead of the URL's host and port; the request stays the same, its Host field too. Empty (the
  /// default): to the host.
  options& unix_socket(std::string path) {
    unix_socket_ = std::move(path);
    return *this;
  }

  // What follows takes more than one request, or more than its bytes; see docs/client.md.

  /// Sends this jar's cookies, and keeps what servers set, redirects included. A Cookie field of the request comes before them.
  options& cookies(cookie_jar jar);
  /// Follows up to so many redirects (301, 302, 303, 307, 308 with Location; RFC 9110 §15.4). POST becomes GET after 301, 302 and 303,
  /// any other method but HEAD after 303; else method and content stay, and content that is not at hand again is a `fetch_error` (redirect),
  /// as are circles, and too many. Authorization, Cookie, Host, Referer and Origin of the request are not carried to another origin.
  /// From https to http is refused unless `downgrades`. Default 0: the redirect is the response.
  options& redirects(unsigned most, bool downgrades = false);
  /// Answers the origin's 401 (RFC 9110 §11.6), once. An Authorization field of the request comes before it.
  options& login(parley::login who);
  /// Asks for br, zstd and gzip (Accept-Encoding, unless the request has one), and decodes the content; Content-Encoding stays to be
  /// seen, Content-Length too, which is that of the encoded content. What decodes to more than `most` bytes, or beyond 4 MiB to
  /// more than `ratio` times its encoded size (0: any), is a `fetch_error` (decoding): 42 KiB can stand for 5 GiB. Content that is collected is bound
  /// by `content_limit` too.
  options& decode(std::uint64_t most = std::uint64_t{4} << 30, unsigned ratio = 200);
  /// Checks content against its Content-Digest and, for whole representations, Repr-Digest (RFC 9530; sha-256 and sha-512), and asks
  /// for one (Want-Content-Digest). A wrong one is a `fetch_error` (digest), of streamed content at its end. None is no error.
  options& check_digests(bool on = true);
  /// Goes through this proxy: `http://host:port` or `https://host:port`, with `user:password@` where it wants Basic or Digest. For http URLs
  /// it is asked for them (absolute-form, RFC 9112 §3.2.2), for https it opens a tunnel (CONNECT), in which TLS is with the
  /// server. The proxy looks the host up; HTTP/3 and Alt-Svc are not used. Empty (the default): none. Throws `std::invalid_argument`
  /// for a URL that is none.
  options& proxy(std::string url);
  /// Whom the proxy is not for: hosts and domains (with all below them), addresses, CIDR blocks, between commas; `*`: nobody.
  options& no_proxy(std::string list);
  /// As the environment says, where `proxy` says nothing: `http_proxy` (lower case alone: a CGI program's HTTP_PROXY is the client's
  /// word), `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`, `no_proxy`, `NO_PROXY`.
  options& proxy_from_environment(bool on = true);

  [[nodiscard]] const detail::agent_settings* agent() const { return agent_.get(); }

  [[nodiscard]] std::optional<parley::version> version() const { return version_; }
  [[nodiscard]] bool upgrade() const { return upgrade_; }
  [[nodiscard]] bool http3_first() const { return http3_first_; }
  [[nodiscard]] bool early_data() const { return early_data_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const { return timeout_; }
  [[nodiscard]] std::chrono::milliseconds connect_timeout() const { return connect_timeout_; }
  [[nodiscard]] std::size_t content_limit() const { return content_limit_; }
  [[nodiscard]] bool insecure() const { return insecure_; }
  [[nodiscard]] bool streamed() const { return streamed_; }
  [[nodiscard]] const std::function<void(const response&)>& on_informational() const { return on_informational_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> expect_continue() const { return expect_continue_; }
  [[nodiscard]] const std::string& unix_socket() const { return unix_socket_; }

 private:
  std::optional<parley::version> version_;
  bool upgrade_ = false;
  bool http3_first_ = false;
  bool early_data_ = false;
  std::optional<std::chrono::milliseconds> timeout_;
  std::chrono::milliseconds connect_timeout_{30'000};
  std::size_t content_limit_ = 64 * 1024 * 1024;
  bool insecure_ = false;
  bool streamed_ = false;
  std::function<void(const response&)> on_informational_;
  std::optional<std::chrono::milliseconds> expect_continue_;
  std::string unix_socket_;
  detail::agent_settings& change_agent();
  std::shared_ptr<const detail::agent_settings> agent_;  // null: none of what takes more than one request
};

/// Keeps connections alive and reuses them; any number of fetches may run at once.
///
/// Make one for each loop: it belongs to the loop where it is first used, until that ends. Destroying it closes its idle connections;
/// what is under way ends by itself.
///
/// A request that fails on a kept-alive connection before the server said anything is sent once more on a new one when that is
/// safe: when its method is idempotent, or none of it had left (RFC 9110 §9.2.2, RFC 9112 §9.3.1). One that a server of HTTP/2 or 3
/// certainly did nothing with (REFUSED_STREAM, H3_REQUEST_REJECTED, or behind the last one of its GOAWAY; RFC 9113 §8.7, RFC 9114
/// §4.1.1) is sent again whatever its method, up to twice unless its server gets on with others meanwhile. Content that was
/// produced is not at hand a second time: such a request fails.
///
/// Connections of HTTP/2 and 3 are shared, also by https origins that resolve to the same address and port and that the
/// connection's certificate is for (RFC 9113 §9.1.1, RFC 9114 §3.3); where the server answers such a request with 421, it is sent
/// once more on a connection of its own.
///
/// A server that has told over https where it speaks HTTP/3 (Alt-Svc, RFC 7838) is asked there from then on: QUIC is tried, and
/// after 250 ms TCP as well, or a connection that is there already; so nothing is lost where UDP is blocked. What failed is not
/// tried again for a minute, and twice as long each further time, up to a day. Remembered are the last 256 origins; see
/// `alternatives`.
class PARLEY_API client {
 public:
  client();
  explicit client(const limits& caps);
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  ~client();

  /// Sends `req` and gives its response. A status such as 404 is a response, not an error.
  ///
  /// `User-Agent: parley/VERSION` and `Accept: */*` are sent unless the request has such fields; with empty values it leaves them out.
  /// `Connection: close` is honoured. Throws `fetch_error`, `cancelled`, what a producer of content throws, and
  /// `std::invalid_argument` for a request that cannot be sent in the version asked for.
  task<response> send(request req, options how = {});
  /// As `send`. A URL that is none is a `fetch_error` (bad_url).
  task<response> get(std::string url, options how = {});
  task<response> head(std::string url, options how = {});
  task<response> delete_(std::string url, options how = {});
  /// With content, and its Content-Type unless `type` is empty.
  task<response> post(std::string url, std::string content, std::string type, options how = {});
  task<response> put(std::string url, std::string content, std::string type, options how = {});
  task<response> patch(std::string url, std::string content, std::string type, options how = {});

  // Settings apply to connections made afterwards; idle ones are closed.

  /// How many idle connections are kept for each origin (default 8) and for how long (default 30 s). One of HTTP/2 is idle when none
  /// of its exchanges is open.
  client& keep_alive(std::size_t connections, std::chrono::milliseconds idle);
  /// How many connections there are at once for each origin (default 16); further requests wait for one. With HTTP/2 one is mostly
  /// enough: as many requests share it as its server allows at once, further ones wait, and a second one is opened only when it
  /// takes no more (GOAWAY).
  client& connections_per_origin(std::size_t most);
  /// Takes responses that servers push over HTTP/2 or 3 (RFC 9113 §8.4, RFC 9114 §4.6) and gives them to later requests for the
  /// same URL by the same method, with equal Authorization, Cookie and fields that the response's Vary names; each is used once.
  /// Kept are at most limits::pushes of them, of up to limits::content bytes each, for a minute. One that nobody may promise for
  /// that URL (another origin that the certificate does not cover), that fails, or that there is no room for is cancelled. So is one
  /// whose head has not come 3 s after a request began to wait for it; that request is sent then. Default: the server is told to push
  /// nothing.
  client& push(bool taken = true);
  /// Waits until what was promised so far has arrived or failed, or not begun to come within 3 s; the URLs of what no request has asked for yet.
  task<std::vector<std::string>> pushed();
  /// Whether what servers announce about HTTP/3 (Alt-Svc) is used and remembered. Default: it is, for as long as the client lives.
  client& alternatives(bool used);
  /// As by default, and also keeps it in this folder (made with mode 0700), in a file that later clients read, of other processes too.
  /// Returns what is wrong with the file, as a sentence; empty: nothing. A file that cannot be used is ignored, and no error.
  std::string keep_alternatives(const std::string& folder);
  /// Goes on with the QUIC sessions that an earlier client has left in this folder (made with mode 0700), and leaves its own there
  /// at its end, so that `options::early_data` works from one process to the next: the newest 16, in a file with mode 0600, since
  /// they are secrets. Call it after `trust` and `certificate`, and with the same ones each time. What cannot be used is ignored.
  client& keep_tickets(const std::string& folder);
  /// Waits until each open HTTP/3 connection has a session that a later one can resume, which its server sends some time after the handshake;
  /// false: not all have by then. For who ends soon after one short fetch, and wants early data the next time.
  task<bool> resumable(std::chrono::milliseconds at_most);
  /// https: trusts the authorities in this file (PEM) besides the system's and the local one. Throws `fetch_error` (credentials) when
  /// it cannot be read or holds none.
  client& trust(const std::string& authorities_file);
  /// https: shows this certificate (PEM, with what lies between it and the root) to servers that ask for one. The key may be in the
  /// same file. Throws `fetch_error` (credentials) when they cannot be read or do not belong together.
  client& certificate(const std::string& certificate_file, const std::string& key_file);
  /// Connects only to addresses that `allowed` says yes to, by their text (`192.0.2.1`, `2001:db8::1`): asked behind each look-up, so that
  /// the address that was looked at is the one that is connected to. For URLs that somebody else chose; see `public_address`
  /// (parley/proxy.hpp). Null (the default): any. Unix sockets are not asked about.
  client& addresses(std::function<bool(std::string_view)> allowed);
  /// This jar is used by each fetch whose options name no other one.
  client& cookies(cookie_jar jar);
  /// Shows what happens on this client's connections to `sink`, which must outlive their loop; null: to nobody.
  client& observe(engine::observer* sink);

  class core;

 private:
  std::shared_ptr<core> core_;
};

/// Fetches, waits, and gives the whole response. Throws as `client::send`, and `std::logic_error` on a loop's thread, which it would
/// block. Each call has connections of its own; for several, use a client.
PARLEY_API response fetch(std::string_view url, options how = {});
PARLEY_API response fetch(request req, options how = {});

}  // namespace parley
