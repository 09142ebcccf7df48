// What stands behind parley::server: its settings, its routes, its workers.
#pragma once

#include "connection/http3.hpp"
#include "engine/observer.hpp"
#include "net/stream.hpp"
#include "semantics/forwarded.hpp"
#include "server/access_log.hpp"
#include "server/address_counts.hpp"
#include "server/compression.hpp"
#include "server/counters.hpp"
#include "server/handshake_rates.hpp"
#include "server/https.hpp"
#include "server/message_limiter.hpp"
#include "server/router.hpp"
#include "server/shared_socket.hpp"
#include "server/web_context.hpp"

#include <parley/filter.hpp>
#include <parley/server.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace parley::server_room {
class worker;
}

namespace parley {

/// Settings and routes are only read once the workers run, so they need no lock.
class server_core {
 public:
  explicit server_core(const limits& caps);
  ~server_core();

  // --- settings --------------------------------------------------------------------------------------------------------------
  limits caps;
  server_room::router routes;
  std::vector<std::function<task<response>(request&, next)>> middleware;
  std::function<response(const request&)> not_found;
  std::function<response(const request&, const problem&)> error_page;
  std::string product = "parley";
  std::size_t threads = 0;
  bool threads_settled = false;  // somebody counts on it
  bool http09 = true;
  bool http2 = true;
  bool http3 = connection::has_http3();
  bool http3_bbr = false;
  bool push_to_browsers = false;
  bool shapes = false;   // answers are looked at before they are sent: one of the next two is set
  bool digests = false;  // Content-Digest and Repr-Digest
  std::unique_ptr<const server_room::compression_settings> compression;
  std::chrono::milliseconds drain_time{10'000};
  std::function<void(std::string_view)> message_sink;
  std::function<void()> reload_hook;
  engine::observer* observer = nullptr;
  std::vector<std::shared_ptr<filter>> filters;
  semantics::address_networks trusted;  // proxies
  forwarded_by proxies_say = forwarded_by::x_forwarded;
  bool request_ids = false;
  bool tracing = false;
  bool trace = false;  // the method
  bool any_scheme = false;
  bool looks_first = false;  // `look_first` has something to do
  bool looks_last = false;   // so has `look_last`
  bool measures = false;     // requests, for `metrics_text`
  std::string health_path, metrics_path;
  std::unique_ptr<server> monitor;  // on an address of its own
  /// Sessions and what guards forms; counts, so requests may change it. They all carry a pointer to it.
  mutable detail::web_context web;
  server_room::access_log log{[this](std::string_view text) { message(text); }};
  server_room::https https{[this](std::string_view text) { message(text); }};

  [[nodiscard]] std::size_t loop_count() const;
  void message(std::string_view text) const;
  /// One that peers can bring about: only so many of a kind are said.
  void message(server_room::message_kind kind, std::string_view text) const;

  // --- counting --------------------------------------------------------------------------------------------------------------
  /// The set of one loop; made when it is first asked for, and there as long as this is.
  server_room::counters& counters_of(std::size_t loop);
  /// Any thread.
  [[nodiscard]] std::vector<counter> read_counters() const;
  /// Connections of each address, for limits::connections_per_address.
  server_room::address_counts peers;
  /// What each address begins by https, for limits::handshakes_per_address.
  server_room::handshake_rates handshakes;
  /// The same by those who have not shown that the address is theirs (HTTP/3).
  server_room::handshake_rates unproven;
  /// Address tokens that were used (HTTP/3).
  base::spent_keys tokens{caps.quic_tokens, connection::address_token_life};
  /// One that is not of ours.
  [[nodiscard]] std::atomic<std::uint64_t>& counted(std::string_view name);
  /// All that `read_counters` has, and what happened to requests, in the text format of Prometheus (0.0.4), or of OpenMetrics 1.0.
  [[nodiscard]] std::string metrics_text(bool open_metrics) const;
  /// What `health_path` answers.
  [[nodiscard]] response health_answer() const;
  /// It was told to end.
  [[nodiscard]] bool ending() const { return ending_.load(std::memory_order_relaxed); }
  /// limits::connections, or fewer when the process may not open as many files.
  [[nodiscard]] std::size_t connections_at_once() const;

  // --- listening and running ---------------------------------------------------------------------------------------------------
  void listen(std::string_view url);
  void listen(int descriptor, std::string_view scheme);
  void start();
  int run();
  void stop();
  void stop_now();
  bool reload();
  bool reload_certificates();
  [[nodiscard]] std::vector<std::string> addresses() const;
  /// While it runs. Null: there is none of that number.
  [[nodiscard]] server_room::worker* worker_at(std::size_t loop) const {
    return loop < workers_.size() ? workers_[loop].get() : nullptr;
  }
  /// Of HTTP/3 on that port: the same for all loops. Any thread.
  [[nodiscard]] std::string http3_keys_for(std::uint16_t port);
  std::uint64_t next_connection_id() { return connection_ids_.fetch_add(1, std::memory_order_relaxed) + 1; }

  // --- before and behind all handlers ------------------------------------------------------------------------------------------
  /// Who the client is, its id, its trace; then the filters. An answer ends the request.
  [[nodiscard]] std::optional<response> look_first(request& req) const;
  /// What filters and ids add to an answer.
  void look_last(const request& req, response& answer) const;
  void add_filter(std::shared_ptr<filter> one);
  /// What loops read without a lock is set up before they run. Throws `std::logic_error`, which names the call.
  void not_while_running(std::string_view call) const;

  // --- answering -----------------------------------------------------------------------------------------------------------------
  /// Matches `req`, which gets its parameters. Null: `answer` says why (its Allow field included), or there is none yet, since the user's
  /// `not_found` may ask for a session that must be awaited.
  const server_room::route* find_route(request& req, std::optional<response>& answer) const;
  /// The route alone, for what has a middleware before it: nothing of the user's is called. Null: there is none.
  const server_room::route* match_route(request& req) const;
  /// Middleware from `index` on, then the route's handler, or the answer to what no route matches.
  task<response> run_chain(request& req, std::size_t index, const server_room::route* route) const;
  /// What an exception that left a handler means.
  [[nodiscard]] response answer_to(std::exception_ptr thrown, const request& req) const;
  /// An error as problem details (RFC 9457) where the request's Accept asks for JSON, or its content is JSON and Accept does not mind; as
  /// a line of text where Accept takes nothing else; as a page for everybody else. One rule, whoever found the error.
  [[nodiscard]] response error_response(const problem& what, const request& req) const;
  /// The answer to a request in cleartext on a port for https.
  [[nodiscard]] response without_tls(const request& req) const;
  response handle(request req);
  /// Whether something must be awaited before a handler may run: a session's look-up, a form's token.
  [[nodiscard]] bool must_prepare(const request& req, const server_room::route* route) const {
    return (web.csrf && !req.method().safe()) ||
           (web.store != nullptr && (route == nullptr || !route->stateless) && web.must_await(req));
  }
  /// Awaits it; the answer when the request is refused.
  [[nodiscard]] task<std::optional<response>> prepare(request& req, const server_room::route* route) const;
  /// Its part for a plain handler, whose content is there.
  [[nodiscard]] task<std::optional<response>> load_session(request& req) const;
  /// Writes what became of the session, and sets the answer's cookies.
  [[nodiscard]] task<> finish_state(const request& req, response& answer, bool loop_goes_on) const;

 private:
  void make_worker();
  /// TCP on the first worker, and UDP beside it for https; with port 0 both get the same number.
  [[nodiscard]] net::endpoint listen_first(const net::endpoint& at, bool secure);
  /// Something listens by https.
  [[nodiscard]] bool secure() const;
  void listen_shared(std::string scheme, server_room::shared_socket socket);
  void drain();
  void ended();
  void abort_all();
  [[nodiscard]] task<response> handle_whole(request& req) const;
  [[nodiscard]] task<response> handle_request(request& req) const;
  void believe_proxies(request& req) const;

  /// What was asked for by `listen`.
  struct listening {
    std::string scheme;
    net::endpoint at;
    bool kept_port = true;                             // it was asked for, so the next run has it too
    bool http3 = false;                                // UDP is open on it
    std::optional<server_room::shared_socket> shared;  // one socket for all loops, else each has its own
  };
  std::vector<listening> listening_;
  std::atomic<bool> turned_away_{false};  // the shared ones take nobody more
  std::vector<std::unique_ptr<server_room::worker>> workers_;
  std::vector<std::thread> running_;
  std::mutex mutex_;  // of what follows: `stop` may come while `run` has the threads
  std::condition_variable run_ended_;
  bool in_run_ = false;
  std::atomic<std::uint64_t> connection_ids_{0};
  std::mutex http3_keys_mutex_;
  std::map<std::uint16_t, std::string> http3_keys_;
  mutable server_room::message_limiter message_limiter_;
  mutable std::mutex counters_mutex_;  // of the list, not of what it holds
  std::vector<std::unique_ptr<server_room::counters>> counters_;
  std::deque<std::pair<std::string, std::atomic<std::uint64_t>>> own_counters_;
  std::atomic<bool> ending_{false};
  const std::chrono::system_clock::time_point made_ = std::chrono::system_clock::now();
  // By exceptions, so rare: all loops share them.
  mutable std::atomic<std::uint64_t> handler_errors_{0};
  mutable std::atomic<std::uint64_t> storage_errors_{0};
};

}  // namespace parley
