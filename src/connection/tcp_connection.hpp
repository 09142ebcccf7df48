// A connection over an ordered byte stream: the stream below, a byte engine in the middle, exchanges above.
#pragma once

#include "base/buffer.hpp"
#include "connection/exchange.hpp"
#include "connection/exchange_table.hpp"
#include "connection/traffic.hpp"
#include "engine/byte_engine.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

#include <parley/limits.hpp>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace parley::connection {

class tcp_connection;
class tls_stream;

/// What stands above a connection: the server's dispatch, or the client's fetch. Calls come on the loop, never from within a call that
/// the owner makes, save `on_closed` and `on_reset` from `abort`.
class exchange_owner {
 public:
  /// Server: a request's head arrived. An exchange to bind it to; it stays the owner's.
  virtual exchange& on_request(tcp_connection& on, engine::request_event&& request) = 0;
  /// Server: the exchange is bound to the connection (`id` and content may be used): begin.
  virtual void on_begin(exchange& x) = 0;
  /// Server: a violation before there was an exchange (a malformed head, a time-out). The answer, if there is to be one, is sent with
  /// `refuse`; without, the connection just closes.
  virtual void on_refused(tcp_connection& on, engine::stream_id id, const engine::protocol_error& error) = 0;
  /// Client: a response's head arrived; interim ones may come before it.
  virtual void on_response(exchange& x, engine::response_event&& response) = 0;
  /// The peer's message is whole. For one that ended with its head it comes right after `on_begin` or `on_response`.
  virtual void on_received(exchange& x) = 0;
  /// More content came than was to be collected; the rest is dropped.
  virtual void on_too_large(exchange& x) = 0;
  /// The connection has become this exchange's byte stream.
  virtual void on_detached(exchange& x) = 0;
  /// The exchange is lost; its cancellation has been triggered. `finish` it when nothing runs for it any more. In HTTP/1 the connection
  /// goes with it, in HTTP/2 it goes on.
  virtual void on_reset(exchange& x) = 0;
  /// Client: the server promises a response to a request that nobody sent (RFC 9113 §8.4). An exchange to bind it to, which then
  /// begins with `on_response` and is finished like any other; null refuses it.
  virtual exchange* on_push(tcp_connection&, engine::push_event&&) { return nullptr; }
  /// Client: no exchange is open, and another can begin.
  virtual void on_idle(tcp_connection& c) = 0;
  /// Client: `can_send_request` was false and has turned true. In HTTP/2 that is while other exchanges go on; in HTTP/1 `on_idle` comes
  /// right behind it.
  virtual void on_capacity(tcp_connection&) {}
  /// No further exchange can begin on it. Comes at most once, before `on_closed`.
  virtual void on_draining(tcp_connection& c) = 0;
  /// The peer broke a rule of the protocol, or a limit of it. At most once for the connection itself, and in HTTP/2 once more for
  /// each exchange that was lost by it.
  virtual void on_violation(tcp_connection&, const engine::protocol_error&) {}
  /// One of our own limits (a member of `parley::limits`, by name) ends something that no rule is broken by: an idle connection, say.
  virtual void on_limit(tcp_connection&, std::string_view) {}
  /// The stream is closed and no exchange is open. The owner destroys it, not before this call has returned (use `loop::defer`).
  virtual void on_closed(tcp_connection& c) = 0;

 protected:
  ~exchange_owner() = default;
};

class tcp_connection final : private net::stream_handler {
 public:
  /// `id` names it in observations. The owner, the loop and the observer outlive it.
  tcp_connection(net::loop& on, std::unique_ptr<net::byte_stream> stream, std::unique_ptr<engine::byte_engine> engine,
                 exchange_owner& owner, engine::role as, const limits& caps, std::uint64_t id, engine::observer* observer);
  ~tcp_connection();
  tcp_connection(const tcp_connection&) = delete;
  tcp_connection& operator=(const tcp_connection&) = delete;

  /// The observer may go: it is not called any more.
  void unobserve();
  /// Server, before `start`, with an engine for HTTP/1: looks for a client that begins with HTTP/2. `allowed`: then, or when its first request
  /// asks to `Upgrade: h2c`, an engine for HTTP/2 takes over; otherwise it is told what is wrong.
  void select(bool allowed);
  /// Begins to read and to watch the time.
  void start();

  // --- client --------------------------------------------------------------------------------------------------------------
  [[nodiscard]] bool can_send_request() const;
  /// Binds `x` and sends its request's head; content follows through `x.outgoing()` and `end`.
  std::expected<void, engine::misuse> send_request(exchange& x, const semantics::request_head& head, engine::content_length length);

  // --- server --------------------------------------------------------------------------------------------------------------
  std::expected<void, engine::misuse> send_response(exchange& x, const semantics::response_head& head,
                                                    engine::content_length length);
  /// Answers a violation (see `on_refused`): head and content at once, then the connection closes.
  void refuse(engine::stream_id id, const semantics::response_head& head, std::string content);

  /// Whether a response can be pushed on this exchange now (RFC 9113 §8.4).
  [[nodiscard]] bool can_push(const exchange& parent) const;
  /// Promises the response to `promised` and binds `x` to it as to a request that was received and is whole. No `on_begin` follows: the
  /// owner begins it, in a turn of its own.
  std::expected<void, engine::misuse> push(exchange& parent, exchange& x, const semantics::request_head& promised);

  // --- both ------------------------------------------------------------------------------------------------------------------
  /// Sends content; `x.outgoing()` says when there is room for more. False: more than was announced, or a message that has ended.
  bool send(exchange& x, engine::chunk piece);
  /// Ends our message, with the trailers that were set, if any.
  std::expected<void, engine::misuse> end(exchange& x);
  /// Gives the exchange up: in HTTP/1 the connection goes with it, in HTTP/2 its stream is reset.
  void reset(exchange& x);
  /// Unbinds it: nothing runs for it any more. One that is neither lost nor whole in both directions is reset (in HTTP/1 a server's
  /// unread request content is drained first, within limits::drain). It may be reused at once.
  void finish(exchange& x);

  /// Client, from within `on_detached`: the server has switched to HTTP/2, whose engine has the exchange as its stream 1 (RFC 7540 §3.2).
  void upgraded(std::unique_ptr<engine::byte_engine> engine);
  /// No further exchange; closes once those under way have ended.
  void close_gracefully();
  /// Closes now: open exchanges are lost.
  void abort(std::string_view reason);

  [[nodiscard]] net::loop& loop() const { return loop_; }
  [[nodiscard]] const net::endpoint& peer() const { return stream_->peer(); }
  [[nodiscard]] const net::endpoint& local() const { return stream_->local(); }
  [[nodiscard]] const std::string& peer_name() const { return peer_name_; }
  [[nodiscard]] parley::version version() const { return engine_->version(); }
  [[nodiscard]] std::uint64_t id() const { return id_; }
  /// Requests received (at a server).
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  /// All bytes that the stream has taken so far.
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] bool closed() const { return closed_; }
  /// What the stream below failed with; none when it did not.
  [[nodiscard]] std::error_code stream_error() const { return stream_error_; }
  [[nodiscard]] bool idle() const { return exchanges_.empty() && engine_->idle(); }
  [[nodiscard]] engine::byte_engine& engine() { return *engine_; }

  /// For the owner's lists.
  std::size_t owner_index = 0;
  /// Where the owner counts bytes, if it does.
  connection::traffic* traffic = nullptr;
  /// The TLS that it runs over, set by the owner; null: none.
  const tls_stream* tls = nullptr;

 private:
  friend class incoming_content;
  friend class outgoing_content;

  std::span<char> read_room() override;
  void on_read(std::size_t n, std::error_code error) override;
  void on_hangup(std::error_code error) override;
  void on_writable(std::error_code error) override;

  // tcp_connection_select.cpp
  bool decide();  // whether the version is known
  void upgrade(engine::request_event& e);
  void go_on_with(std::unique_ptr<engine::byte_engine> engine);

  void turn();           // process, flush, rearm: the one way through
  void schedule_turn();  // soon, when not already inside one
  void process();
  void handle(engine::event& e);
  void on_request_event(engine::request_event& e);
  void on_response_event(engine::response_event& e);
  void on_data(exchange& x, std::string_view bytes);
  void on_complete(exchange& x);
  void on_reset_event(engine::reset_event& e);
  void on_push_event(engine::push_event& e);
  bool flush();  // whether it wrote something, and could write more
  void read_more();
  void watch_time();
  void on_time();
  void tell_eof();
  void expect_half_closed();
  void reset_in_engine(engine::stream_id id);
  void tell_idle();
  void check_end();
  void lose_all();
  void lose(exchange& x);
  void close_stream(std::string_view reason);
  void fail_stream(std::error_code error);
  void bind(exchange& x, engine::stream_id id);
  exchange* find(engine::stream_id id) { return exchanges_.find(id); }
  [[nodiscard]] bool multiplexes() const { return engine_->version() >= parley::version::http2; }
  void consumed(exchange& x, std::size_t n);
  void send_continue(exchange& x) noexcept;
  void see(auto what, engine::stream_id stream = 0) {
    if (observer_ != nullptr) observer_->observe({loop_.now(), id_, stream, what});
  }
  void tell_violation();
  // tcp_connection_time.cpp
  enum class delivery : std::uint8_t { done, goes_on, too_slow };
  delivery look_at_delivery();
  std::optional<std::uint64_t> newly_delivered();
  bool wait_for_delivery(std::optional<net::time_point>& until);
  void on_linger_time();

  net::loop& loop_;
  std::unique_ptr<net::byte_stream> stream_;
  std::unique_ptr<engine::byte_engine> engine_;
  std::unique_ptr<engine::byte_engine> before_;  // after an upgrade: its last words go first
  exchange_owner& owner_;
  const limits& limits_;
  const bool is_client_;
  engine::observer* observer_;
  std::uint64_t id_;
  std::string peer_name_;
  base::buffer in_;
  exchange_table exchanges_;
  net::timer timer_;
  std::optional<net::time_point> half_closed_until_;
  std::optional<net::time_point> linger_until_;
  std::optional<net::time_point> delivery_until_;  // the idle time is over, and the system still delivers what was sent
  std::size_t room_ = 0;                           // of the read under way
  std::uint64_t requests_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::error_code stream_error_;
  std::optional<std::uint64_t> unsent_;  // what the system held for the peer when it was asked last
  bool reading_ = false;
  bool write_blocked_ = false;
  bool in_turn_ = false;
  bool turn_scheduled_ = false;
  bool peer_ended_ = false;   // its direction of the stream
  bool eof_told_ = false;     // to the engine
  bool read_filled_ = false;  // the last read filled its buffer: more is likely to wait
  bool tls_hello_ = false;    // the first byte was a TLS record's
  bool undecided_ = false;    // whether it is HTTP/1 or 2
  bool may_be_http2_ = false;
  bool http2_refused_ = false;  // it began with HTTP/2 where there is none
  std::size_t returned_ = 0;    // of what the engine before took: bytes for the one that went on
  bool graceful_ = false;       // the engine was told to end
  bool write_ended_ = false;
  bool cut_off_ = false;  // something unfinished was sent whose end the stream's end would be
  bool draining_told_ = false;
  bool idle_told_ = true;
  bool had_capacity_ = true;  // for a client's next request
  bool closed_ = false;
  bool closed_told_ = false;
  bool violation_told_ = false;
  bool delivery_watched_ = false;
};

}  // namespace parley::connection
