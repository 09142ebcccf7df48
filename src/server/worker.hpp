// One loop and its thread: listeners, connections, the exchanges on them.
#pragma once

#include "connection/http_connection.hpp"
#include "net/datagram.hpp"
#include "net/loop.hpp"
#include "server/compression.hpp"
#include "server/datagram_mailbox.hpp"
#include "server/date_line.hpp"
#include "server/ending_watch.hpp"
#include "server/file_cache.hpp"
#include "server/hints.hpp"
#include "server/server_core.hpp"
#include "server/tls_gate.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::server_room {

class worker;

/// An exchange at a server: the request, the handler that runs, and what its log line needs.
class server_exchange final : public connection::exchange, public detail::hint_sink {
 public:
  explicit server_exchange(worker& home) : home_(home) {}
  /// Whatever exchange a server's connection has is one of these.
  [[nodiscard]] static server_exchange& of(connection::exchange& x) { return static_cast<server_exchange&>(x); }
  void hint(const parley::request& from, std::string_view target, as use) override;
  void interim(const parley::request& from, int code, const parley::fields& lines);

  parley::request request;
  const server_room::route* route = nullptr;
  std::unique_ptr<response> answer;             // while its content is produced
  std::chrono::system_clock::time_point began;  // both for the log, and set only when there is one
  std::chrono::steady_clock::time_point began_steadily;
  int status = 0;
  std::uint64_t bytes = 0;
  body_writer writer{&outgoing()};
  tunnel stream{&incoming(), &outgoing()};
  bool running = false;         // a coroutine runs for it
  bool gave_up = false;         // its answer could not be sent, and a 500 was tried
  bool awaits_content = false;  // a plain handler waits for it
  bool pushed = false;          // no client asked for it
  bool waits = false;           // pushed, and not begun yet
  std::string links;            // hints that are about to leave as a 103

 private:
  worker& home_;
};

/// Everything here happens on the worker's loop, save `post`ed requests to drain or stop.
class worker final : private connection::exchange_owner, private net::accept_handler, private tls_gate_owner {
 public:
  worker(server_core& core, std::size_t index, std::unique_ptr<net::loop> on);
  ~worker();

  /// Throws `listen_error`. Before `run`. The address it got.
  net::endpoint listen(const net::endpoint& at, bool first, bool secure = false);
  /// On a socket that other loops have too.
  void listen(const shared_socket& socket, bool secure = false);
  /// HTTP/3 beside what listens by https on that address. Before `run`.
  [[nodiscard]] std::error_code open_datagrams(const net::endpoint& at, bool first);
  /// The last one that `listen` opened is closed again.
  void forget_last_listener();
  /// Any thread: a datagram that another loop got. False: too many wait, and it is dropped.
  bool deliver(std::size_t door, const net::datagram_run& datagram);
  /// Runs on this thread until drained.
  void run();
  /// Begins to accept; `run` does.
  void start_listening();
  /// Any thread: stop accepting, let what runs finish, then leave `run`.
  void drain();
  /// Any thread: as `drain`, but what runs is given up.
  void abort();
  [[nodiscard]] net::loop& loop() { return *loop_; }
  [[nodiscard]] server_room::counters& counted() { return counters_; }
  /// Loop's thread only.
  [[nodiscard]] std::size_t open_connections() const { return connections_.size(); }
  /// Pushes `target`, or has it told by a 103 (see `request::hint`).
  void hint(server_exchange& x, const request& from, std::string_view target, as use);
  /// See `send_interim`.
  void interim(server_exchange& x, const request& from, int status, const fields& lines);

 private:
  // exchange_owner
  connection::exchange& on_request(connection::http_connection& on, engine::request_event&& request) override;
  void on_begin(connection::exchange& x) override;
  void on_refused(connection::http_connection& on, engine::stream_id id, const engine::protocol_error& error) override;
  void on_response(connection::exchange&, engine::response_event&&) override {}
  void on_received(connection::exchange& x) override;
  void on_too_large(connection::exchange& x) override;
  void on_detached(connection::exchange& x) override;
  void on_reset(connection::exchange& x) override;
  void on_idle(connection::http_connection&) override {}
  void on_draining(connection::http_connection&) override {}
  void on_closed(connection::http_connection& c) override;
  void on_violation(connection::http_connection&, const engine::protocol_error& error) override;
  void on_limit(connection::http_connection&, std::string_view name) override;
  // accept_handler
  void on_accept(std::unique_ptr<net::byte_stream> stream) override;
  void on_accept_error(std::error_code error) override;
  // tls_gate_owner
  void on_secured(std::unique_ptr<connection::tls_stream> stream, std::uint64_t id, address_counts::place place) override;
  void on_refused_handshake(const tls::error& why) override;

  /// What is kept of a connection: its place among those of its address goes with it.
  struct held {
    std::unique_ptr<connection::http_connection> connection;
    address_counts::place place;
    std::unique_ptr<pushed_targets> pushed;  // from the first push on
    std::uint16_t http3_port = 0;            // HTTP/3 is announced there (Alt-Svc, RFC 7838)
  };
  /// What accepts for the https listeners.
  class secure_door final : public net::accept_handler {
   public:
    explicit secure_door(worker& to) : to_(to) {}
    void on_accept(std::unique_ptr<net::byte_stream> stream) override { to_.accept(std::move(stream), true); }
    void on_accept_error(std::error_code error) override { to_.on_accept_error(error); }

   private:
    worker& to_;
  };

  // worker_http3.cpp
  class http3_door;
  struct http3_door_deleter {
    void operator()(http3_door* gone) const;
  };
  void start_http3();
  void drain_http3();
  /// Of an address, for those of whom nobody knows that it is theirs; at most half of `limits::connections_per_address`.
  static constexpr std::size_t most_unproven = 16;
  [[nodiscard]] connection::http3_owner::entry place_for_http3(const net::endpoint& peer, bool proven,
                                                               std::optional<address_counts::place>& place);
  void serve_http3(std::unique_ptr<connection::http_connection> made, address_counts::place place);
  void hand_over(unsigned loop, std::size_t door, const net::datagram_run& datagram);
  [[nodiscard]] std::uint16_t http3_port(const connection::http_connection& of) const;

  /// A place for a connection of this peer; nothing when its address has too many.
  [[nodiscard]] std::optional<address_counts::place> place_for(const net::endpoint& peer, std::size_t of_them = 0);
  /// Whether a TLS handshake may begin with this peer, whose address has not begun too many lately.
  [[nodiscard]] bool may_shake_hands(const net::endpoint& peer);
  void accept(std::unique_ptr<net::byte_stream> stream, bool secure);
  void refuse(net::byte_stream& stream, std::string_view limit, message_kind kind, std::string_view why);
  void serve(std::unique_ptr<net::byte_stream> stream, std::uint64_t id, const connection::tls_stream* tls,
             address_counts::place place);
  void see_connect(const net::byte_stream& stream, std::uint64_t id);
  [[nodiscard]] std::size_t open() const { return connections_.size() + gate_.size(); }
  void one_left();
  void clear_gate();
  void pause_accepting();
  void resume_accepting();
  void run_plain(server_exchange& x);
  /// Its session is there, if it has one.
  void run_plain_loaded(server_exchange& x);
  void run_plain_now(server_exchange& x);
  /// The session is written and the cookies are set, or the head must wait for that: then it calls `respond` again.
  bool finish_state(server_exchange& x, response& r);
  void write_state(server_exchange& x, response&& r);
  /// Asks the route for an answer without waiting; false when there is none.
  bool try_at_once(server_exchange& x);
  void start_handler(server_exchange& x);
  void answer_unmatched(server_exchange& x);
  void start_handler_now(server_exchange& x);
  /// Awaits what must be there first, then goes on by `how`.
  void prepare(server_exchange& x, void (worker::*how)(server_exchange&));
  void handler_ended(server_exchange& x, detail::outcome<response> result);
  void respond(server_exchange& x, response&& r);
  void shape(server_exchange& x, response& r);
  bool send_at_once(server_exchange& x, response& r);
  void produce(server_exchange& x);
  void producer_ended(server_exchange& x, std::exception_ptr error);
  void log_exchange(server_exchange& x);
  void measure(const server_exchange& x);
  void close_exchange(server_exchange& x);
  /// Takes the fields out of `r`; its content stays. `announces`: HTTP/3, where it is there.
  semantics::response_head make_head(response& r, const connection::http_connection& on, bool announces);
  void end_message(server_exchange& x);
  /// Of an answer that outlives its exchange: what produces content may hold on to the request's.
  static void drop_content(response& r);
  server_exchange& take_exchange();
  void take_request(server_exchange& x, connection::http_connection& on, semantics::request_head&& head);
  bool try_push(server_exchange& x, const request& from, std::string_view target);
  void begin_pushed(server_exchange& x);
  void send_links(server_exchange& x);
  void check_drained();
  void begin_drain();
  void close_listeners_when_settled();
  void close_listeners();
  void abort_connections();
  void close_unused();
  void pause_listeners();

  server_core& core_;
  const std::size_t index_;
  server_room::counters& counters_;
  const std::size_t connection_limit_;
  std::unique_ptr<net::loop> loop_;
  ending_watch ending_;
  std::vector<std::unique_ptr<net::listener>> listeners_;
  std::vector<bool> secure_;  // of each listener: https
  std::vector<std::unique_ptr<http3_door, http3_door_deleter>> http3_;
  datagram_mailbox mailbox_;
  std::vector<held> connections_;
  secure_door door_{*this};
  tls_gate gate_;
  std::deque<server_exchange> exchanges_;  // all there are; never moved
  std::vector<server_exchange*> free_;
  net::timer drain_timer_;
  net::timer unused_timer_;
  net::timer settle_timer_;
  date_line date_;
  std::size_t last_accepts_ = 0;  // how many connections the closing listeners may still bring
  file_cache files_;
  compressor coder_;
  bool draining_ = false;
  bool listening_ = true;  // the listeners are not closed
  bool paused_ = false;
  bool accept_failed_ = false;  // the listeners try again by themselves; sooner when a descriptor of ours is free
};

}  // namespace parley::server_room
