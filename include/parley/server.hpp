// The server.
//
//   parley::server app;
//   app.route("GET /hello/{name}", [](const parley::request& req) { return parley::text("Hello, " + req.path("name")); });
//   app.listen("http://127.0.0.1:8080");
//   return app.run();
//
// Threads: there is one loop a thread, and a handler runs on the loop that owns its connection. So what a handler captures is used by
// all loops at once: share what is thread-safe, or keep it per loop with `per_loop`.
#pragma once

#include <parley/limits.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace parley {

class compression_options;  // parley/compression.hpp
class csrf_options;         // parley/csrf.hpp
class files;                // parley/files.hpp
class filter;               // parley/filter.hpp
class server_core;          // src/server
class session_options;      // parley/session.hpp
class session_store;        // parley/session.hpp

namespace engine {
class observer;  // src/engine/observer.hpp
}

/// What a middleware calls to go on: the next one, in the end the route's handler.
class PARLEY_API next {
 public:
  task<response> operator()(request& req) const;

 private:
  friend class server_core;
  next(const server_core* core, std::size_t index, const void* route) : core_(core), index_(index), route_(route) {}
  const server_core* core_;
  std::size_t index_;
  const void* route_;
};

namespace detail {
using plain_handler = std::function<response(const request&)>;
using task_handler = std::function<task<response>(request&)>;
using instant_handler = std::function<std::optional<response>(request&)>;

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<task<T>> : std::true_type {};

/// What a handler returns; void for what is none.
template <class Handler>
struct handler_result {
  using type = void;
};
template <class Handler>
  requires std::is_invocable_v<Handler&, request&>
struct handler_result<Handler> {
  using type = std::remove_cvref_t<std::invoke_result_t<Handler&, request&>>;
};
template <class Handler>
using handler_result_t = typename handler_result<Handler>::type;

inline response as_response(response&& r) { return std::move(r); }
inline response as_response(std::string&& s) { return text(std::move(s)); }
inline response as_response(const std::string& s) { return text(s); }
inline response as_response(const char* s) { return text(s); }
inline response as_response(const problem& p) { return to_response(p); }
response as_response(std::nullptr_t) = delete;

/// What a handler may return.
template <class T>
concept handler_answer = requires(T (*handler)()) { as_response(handler()); };

/// The index of the loop that runs on this thread, 0 up to the server's number of threads; 0 outside.
PARLEY_API std::size_t current_loop_index();
}  // namespace detail

/// A value for each loop, made on first use there: no locks.
template <class T>
class per_loop {
 public:
  explicit per_loop(std::size_t loops, std::function<std::unique_ptr<T>()> make) : make_(std::move(make)), values_(loops) {}
  T& operator*() {
    auto& slot = values_.at(detail::current_loop_index());
    if (!slot) slot = make_();
    return *slot;
  }
  T* operator->() { return &**this; }

 private:
  std::function<std::unique_ptr<T>()> make_;
  std::vector<std::unique_ptr<T>> values_;
};

/// Thrown by `listen`, `start` and `run`: the message names the address and the way out.
class PARLEY_API listen_error : public std::runtime_error {
 public:
  explicit listen_error(const std::string& message, std::error_code code = {}) : std::runtime_error(message), code_(code) {}
  /// The system's reason, such as `std::errc::address_in_use`; none when the URL itself was wrong.
  [[nodiscard]] std::error_code code() const { return code_; }

 private:
  std::error_code code_;
};

/// How a line of the access log looks: as Apache and nginx write it, or one JSON object a line.
enum class log_format : unsigned char { combined, json };

/// What `server::counters` gives: a name that stays the same from release to release (docs/security.md lists them), and what it has
/// come to since the server was made. The text is a literal.
struct counter {
  std::string_view name;
  std::uint64_t value;
};

/// What decides how fast a connection sends.
enum class congestion_control : std::uint8_t { cubic, bbr };

/// How proxies tell of their clients: by X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, or by Forwarded (RFC 7239).
enum class forwarded_by : unsigned char { x_forwarded, forwarded };

class PARLEY_API server {
 public:
  server();
  explicit server(const limits& caps);
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  // --- set up, before `run` or `start`: routes, middleware, filters and addresses throw `std::logic_error` while it runs ------
  /// Adds a route: `"GET /customers/{id}"`, `"GET /files/{path...}"` (the rest of the path, slashes included), `"* /any"` (every method), `"CONNECT *"`.
  /// A literal segment wins over a `{pattern}`, that over a `{rest...}`. GET also answers HEAD; OPTIONS and 405 are answered by
  /// themselves. Throws `std::invalid_argument`, saying what and where, for a malformed or doubled route.
  ///
  /// A handler that takes `const request&` and returns a response (or a string) runs once the content is in, up to
  /// `limits::content`, and costs no coroutine. One that returns `task<response>` runs at the head and reads or streams as it likes.
  /// An object of the latter kind with a member `std::optional<response> try_at_once(request&)` is asked there first: an answer
  /// from it costs no coroutine either. It must not block; nothing means that the task is to be run.
  template <class Handler>
  server& route(std::string_view method_and_pattern, Handler handler) {
    using result = detail::handler_result_t<Handler>;
    if constexpr (!std::is_invocable_v<Handler&, request&>) {
      static_assert(std::is_invocable_v<Handler&, request&>,
                    "a handler takes const parley::request& and returns a response, or takes parley::request& and returns a task");
    } else if constexpr (requires(request& req) {
                           { handler.try_at_once(req) } -> std::same_as<std::optional<response>>;
                         }) {
      auto shared = std::make_shared<Handler>(std::move(handler));
      add(
          method_and_pattern, {}, [shared](request& req) { return (*shared)(req); },
          [shared](request& req) { return shared->try_at_once(req); });
    } else if constexpr (detail::is_task<result>::value) {
      static_assert(std::is_same_v<result, task<response>>, "a handler that is a coroutine returns parley::task<parley::response>");
      if constexpr (std::is_same_v<result, task<response>>) add(method_and_pattern, {}, detail::task_handler(std::move(handler)));
    } else if constexpr (!std::is_invocable_v<Handler&, const request&>) {
      static_assert(std::is_invocable_v<Handler&, const request&>,
                    "a handler that is no coroutine takes const parley::request&; one that takes parley::request& returns a task");
    } else {
      static_assert(
          detail::handler_answer<std::invoke_result_t<Handler&, const request&>>,
          "a handler returns a parley::response (parley::text, html, json, redirect...), a parley::problem, a std::string or a "
          "const char*");
      if constexpr (detail::handler_answer<std::invoke_result_t<Handler&, const request&>>) {
        add(method_and_pattern, [h = std::move(handler)](const request& req) mutable { return detail::as_response(h(req)); }, {});
      }
    }
    return *this;
  }
  /// Serves the files of a folder: `app.files("/static/{path...}", "public")`, or with choices,
  /// `app.files("/{path...}", parley::files("public").listing(true))` (include <parley/files.hpp>). The pattern ends in a part
  /// `{name...}`, which is the file's place in the folder. Throws `std::system_error` when `folder` is no folder that can be opened,
  /// and `std::invalid_argument` as `route`.
  server& files(std::string_view pattern, const std::string& folder);
  server& files(std::string_view pattern, const parley::files& folder);
  /// Adds a middleware: `task<response>(request&, next)`. They run in the order they were added, around every route.
  server& use(std::function<task<response>(request&, next)> middleware);
  /// Sends answers in br, zstd or gzip to who accepts it: see parley/compression.hpp. Off by default.
  server& compression(const compression_options& how);
  /// Checks Content-Digest of requests (RFC 9530; 400 when it is wrong) where a plain handler is given the content, and answers
  /// Want-Content-Digest and Want-Repr-Digest where the content lies in memory. Off by default. Handlers that read content by themselves
  /// have `digest_check` (parley/digest.hpp).
  server& digests(bool on);
  /// Adds a filter (parley/filter.hpp), such as `parley::cors`, `parley::hsts` or `parley::rate_limit`: `app.use(parley::hsts())`. Filters
  /// come before all middleware, in the order in which they were added, and cost no coroutine.
  server& use(std::shared_ptr<filter> one);
  template <std::derived_from<filter> Filter>
  server& use(Filter one) {
    return use(std::shared_ptr<filter>(std::make_shared<Filter>(std::move(one))));
  }
  /// Web sessions: what `request::session` gives is kept in `store` (include <parley/session.hpp>). Throws `std::invalid_argument` for a name
  /// that no cookie may have.
  server& sessions(std::shared_ptr<session_store> store);
  server& sessions(std::shared_ptr<session_store> store, const session_options& how);
  /// Refuses requests that another site forged, on all routes (include <parley/csrf.hpp>).
  server& csrf_protection();
  server& csrf_protection(const csrf_options& how);
  /// Answers what no route matches. Default: 404 as any other error, see `error_page`.
  server& not_found(std::function<response(const request&)> handler);
  /// Makes the page that people get for an error; the status is set for it. Programs get problem details (RFC 9457) instead: who prefers
  /// JSON by Accept, and who sends JSON and does not mind. Not used for cleartext on an https port, where nothing of the site is told.
  server& error_page(std::function<response(const request&, const problem&)> page);
  /// Listens on `http://ADDRESS:PORT`, `https://ADDRESS:PORT` (see `certificate`) or a Unix socket, `unix:PATH`. Port 0 takes a free
  /// one. Behind a path may stand `?mode=0660&user=NAME&group=NAME`, the socket file's permissions and owners (default: what the umask
  /// leaves, this process's); a `?` in the path itself is written `%3F`, a `%` `%25`. Throws `listen_error`.
  server& listen(std::string_view url);
  /// Listens on a socket that listens already, such as one of `inherited_sockets` (parley/service.hpp), by `scheme` (`http` or
  /// `https`). It is the server's from here on, and shared by all its threads. Other holders of the socket keep it: when this server
  /// ends, what waits in its queue was answered, and what comes later waits for them. Throws `listen_error` when it is no listening
  /// stream socket, and then it stays the caller's.
  server& listen(int descriptor, std::string_view scheme = "http");
  /// The certificate for https, and its key: PEM files, the leaf first and then its chain. With several calls, clients are given the
  /// one for the name that they ask for (SNI), or the first. With none, the local authority (parley/ca.hpp) issues one for this
  /// machine's names. TLS 1.2 and 1.3 are spoken. Throws `listen_error`, saying which file and what is wrong with it.
  server& certificate(std::string_view certificate_file, std::string_view key_file);
  /// Where the local authority lives, when it is needed. Default: `certificate_authority::default_data_folder()`.
  server& data_folder(std::string_view path);
  /// Asks clients for certificates by the authorities in this PEM file (RFC 8446 §4.3.2). `required`: without one there is no
  /// connection; else `request::tls` tells who gave one. Throws `listen_error`.
  server& client_certificates(std::string_view authorities_file, bool required = true);
  /// Threads, each with a loop; 0 (the default) is one a core. Before `per_loop` and `listen`: they count on it; throws
  /// `std::logic_error` behind them.
  server& threads(std::size_t n);
  /// The Server field; empty for none. Default `parley`.
  server& name(std::string product);
  /// HTTP/0.9 in cleartext; on by default.
  server& http09(bool allowed);
  /// HTTP/2: by ALPN over TLS, and in cleartext to clients that begin with it or ask to `Upgrade: h2c`; on by default.
  server& http2(bool allowed);
  /// HTTP/3 (RFC 9114) beside what listens by https: over QUIC, on the UDP port of the same number, announced to clients of HTTP/1 and 2
  /// (Alt-Svc, RFC 7838). On by default where this build of Parley has QUIC; `true` throws `std::runtime_error` where it has not. Sockets
  /// that were inherited have none. Best before `listen`, so that a port that is taken shows there.
  server& http3(bool allowed);
  /// How HTTP/3's connections find out what their way carries (RFC 9002 §7); TCP's is the system's affair. CUBIC (RFC 9438) by default; BBR
  /// may carry more over ways that lose packets for other reasons than being full. Before `run` or `start`.
  server& http3_congestion(congestion_control algorithm);
  /// Early data of QUIC (0-RTT, RFC 8470): clients that come again send safe requests (GET, HEAD, OPTIONS, TRACE) with their first packet;
  /// other methods get 425 then, before any handler. On by default. A recorded first packet is good once, in this process, for
  /// 10 seconds; `request::early_data` tells handlers. Never where client certificates are asked for. Before `run` or `start`.
  server& early_data(bool allowed);
  /// Whether `request::hint` may push to browsers (whatever calls itself Mozilla) that take pushed responses; else they get a 103
  /// with a link. Off by default: browsers have a cache, which a server cannot see.
  server& push_to_browsers(bool allowed);
  /// Proxies in front of this server, as networks (`10.0.0.0/8`, `fd00::/8`), single addresses, or `unix` for the peers of Unix sockets: what
  /// they say of their clients by the fields of `by` is believed, from the right as far as the sender is trusted. The other fields are not
  /// looked at, since a proxy that does not know them passes on what a client wrote there; those of `by` it must set, or take out. Then
  /// `request::client_address`, `scheme`, `secure` and `authority`, the access log and limits by address mean the client, and the proxies' own
  /// connections do not count among `limits::connections_per_address`. From everybody else these fields mean nothing. Throws
  /// `std::invalid_argument` for what is no network.
  server& trusted_proxies(const std::vector<std::string>& networks, forwarded_by by = forwarded_by::x_forwarded);
  /// Gives each request an id: `request::id`, the answer's X-Request-Id, the access log (JSON) and problem details (`request_id`). Taken
  /// from X-Request-Id where a trusted proxy sends one of 1 to 128 letters, digits and `-._~+/=:@`, else made of 128 random bits.
  server& request_ids(bool on = true);
  /// Has each request belong to a trace (W3C Trace Context): that of its `traceparent`, or a new one, which is not sampled. See
  /// `request::trace`.
  server& tracing(bool on = true);
  /// GET of this path tells balancers whether to send requests here: 200, or 503 while the server ends. It is answered before filters and
  /// middleware, so that no list of users, hosts or rates stands in a probe's way. A path such as `/healthz`; empty: only on the address of
  /// `monitor`. A route of one's own is what to have where it is to be guarded.
  server& health(std::string_view path = "/healthz");
  /// GET of this path gives all counters, requests by method, version and status, and how long they took, for Prometheus. Answered to this
  /// machine's own programs alone (a loopback address or Unix socket, and no sign of a proxy; everybody else gets 404), unless `monitor`
  /// gives it an address of its own: then only there.
  server& metrics(std::string_view path = "/metrics");
  /// Answers `health` and `metrics` at an address of their own (`http://127.0.0.1:9464`, or `unix:PATH`), for whoever reaches it. It also answers
  /// while the server ends. Behind `health` and `metrics`, before `run` or `start`. Throws `listen_error`.
  server& monitor(std::string_view url);
  /// The address of `monitor`, as `addresses` gives them; empty: there is none.
  [[nodiscard]] std::string monitor_address() const;
  /// TRACE (RFC 9110 §9.3.8): answered with the request's own head, without Cookie, Authorization and whatever else looks like a secret. Off by
  /// default: 405.
  server& trace(bool allowed);
  /// Takes requests for http URLs on secure connections too, as proxies get them; else they are 421. `forward_proxy::serve` calls it.
  server& any_scheme(bool taken);
  /// A counter of one's own, among `counters` and the metrics, by a name of lower-case letters, digits and `_`: made when first asked for.
  /// It lives as long as the server; any thread may add. Before `run` or `start`; throws `std::invalid_argument` for another name.
  std::atomic<std::uint64_t>& counted(std::string_view name);
  /// How long `stop` and SIGTERM wait for what runs. Default 10 s.
  server& drain_time(std::chrono::milliseconds t);
  /// A line a request: a file's path (appended to), `-` for standard output, empty for none (the default). A thread of its own
  /// writes it; lines that it cannot keep up with are lost, counted and told. Throws `std::system_error` when the file cannot be
  /// opened, and then all is as before. Also while the server runs, from any thread but a loop's.
  server& access_log(std::string_view path, log_format format = log_format::combined);
  /// A sink for messages about the server itself (a handler that threw, an accept that failed). Default: standard error.
  server& on_message(std::function<void(std::string_view)> sink);
  template <class T>
  std::shared_ptr<parley::per_loop<T>> per_loop(std::function<std::unique_ptr<T>()> make = [] { return std::make_unique<T>(); }) {
    return std::make_shared<parley::per_loop<T>>(settled_loop_count(), std::move(make));
  }

  /// What `reload` and SIGHUP call, to read configuration anew: on the thread of `run`, while requests are served. What it throws
  /// is told (`on_message`), and should leave all as it was.
  server& on_reload(std::function<void()> hook);

  // --- running ----------------------------------------------------------------------------------------------------------------
  /// Serves until SIGTERM or SIGINT, then stops accepting, answers whoever is connected already, lets what runs finish within
  /// `drain_time`, and returns 0. A second one gives up what runs. With an access log, SIGUSR1 is `reopen_log`; with `on_reload`,
  /// SIGHUP is `reload`. A service manager that waits for it (sd_notify(3)) is told of ready, reloading and stopping. Throws
  /// `listen_error`, as `start`, before it serves anybody.
  int run();
  /// Serves on threads of its own and returns at once.
  void start();
  /// Drains as on SIGTERM and returns when all has ended. Any thread but a loop's.
  void stop();
  /// Gives up what runs: connections are closed as they are, and HTTP/3's clients are told so. A `stop` or `run` in another thread returns then.
  /// Any thread; it returns at once, and does nothing where nothing runs.
  void stop_now();
  /// Opens the access log's file by its name once more, after a rotation has renamed it; soon, any thread. When that fails the old
  /// one is written on, and `on_message` says so.
  void reopen_log();
  /// Calls the hook of `on_reload`, `reload_certificates` where there is https, and `reopen_log`. False when the hook threw or a
  /// certificate was refused. Any thread but a loop's.
  bool reload();
  /// Reads the files of `certificate` and `client_certificates` again, for new connections; those that are open keep what they have.
  /// The local authority's certificate needs no call: it is looked at every 12 hours, and made anew in time. Without https, and before
  /// it starts, there is nothing to do, which is true. False: something is wrong with one, `on_message` says what, and all stays as it was. Any thread.
  bool reload_certificates();
  /// The addresses in use, as URLs (`http://127.0.0.1:8080`, `unix:/run/parley.sock`), in the order of `listen`. Known after `listen`.
  [[nodiscard]] std::vector<std::string> addresses() const;

  /// Runs middleware and handler on `req` with no socket and gives the whole answer: for tests. Runs a loop of its own; not on a loop's
  /// thread.
  response handle(request req);

  [[nodiscard]] const limits& caps() const;

  /// What happened so far, and what was refused: connections, requests, responses, bytes, each limit that fired (`limit.head_time`), each
  /// rule that a peer broke (`violation.bare-lf`). All of them every time, in the same order; only `connections_open` ever falls.
  /// Any thread, before and after running too; the numbers of one call may be some turns of a loop apart.
  [[nodiscard]] std::vector<counter> counters() const;

  /// Shows what happens on every connection to `sink`, which must outlive the server and is called from all loops; null ends it.
  /// Before `start` or `run`.
  server& observe(engine::observer* sink);

 private:
  void add(std::string_view method_and_pattern, detail::plain_handler plain, detail::task_handler tasked,
           detail::instant_handler at_once = {});
  std::size_t settled_loop_count();
  std::unique_ptr<server_core> core_;
};

}  // namespace parley
