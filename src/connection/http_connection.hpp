// A connection as its owner sees it, in every version of HTTP: an engine in the middle, exchanges above. What lies below is that of
// `tcp_connection` (an ordered byte stream) or `quic_connection` (datagrams).
#pragma once

#include "connection/collected_content.hpp"
#include "connection/exchange.hpp"
#include "connection/exchange_owner.hpp"
#include "connection/exchange_table.hpp"
#include "connection/traffic.hpp"
#include "engine/message_engine.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

#include <parley/limits.hpp>
#include <parley/tls.hpp>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace parley::connection {

class http_connection {
 public:
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;
  virtual ~http_connection();

  /// The observer may go: it is not called any more.
  virtual void unobserve();
  /// Begins to talk and to watch the time.
  virtual void start() = 0;

  // --- client --------------------------------------------------------------------------------------------------------------
  [[nodiscard]] bool can_send_request() const { return !closed_ && !write_ended_ && !peer_ended_ && engine_->can_send_request(); }
  /// How many more requests can be sent now, one right after the other.
  [[nodiscard]] std::size_t request_room() const { return engine_->request_room(); }
  /// Binds `x` and sends its request's head; content follows through `x.outgoing()` and `end`.
  std::expected<void, engine::misuse> send_request(exchange& x, const semantics::request_head& head, engine::content_length length);
  /// Over QUIC, false while requests go as early data (RFC 8470).
  [[nodiscard]] virtual bool handshake_done() const { return true; }
  /// Over QUIC, false until a ticket has come by which the next connection can resume (`exchange_owner::on_ticket`).
  [[nodiscard]] virtual bool resumable() const { return true; }
  /// Whether the server showed a certificate for this host.
  [[nodiscard]] virtual bool shown_to_be(std::string_view host) const = 0;

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

  /// What comes now came before the client had shown that it is there: it may be a copy of what another sent once (RFC 8446 §8).
  [[nodiscard]] virtual bool early() const { return false; }

  // --- both ------------------------------------------------------------------------------------------------------------------
  /// Sends content; `x.outgoing()` says when there is room for more. False: more than was announced, or a message that has ended.
  bool send(exchange& x, engine::chunk&& piece);
  /// Ends our message, with the trailers that were set, if any.
  std::expected<void, engine::misuse> end(exchange& x);
  /// Gives the exchange up: in HTTP/1 the connection goes with it, in HTTP/2 and 3 its stream is reset.
  void reset(exchange& x);
  /// Unbinds it: nothing runs for it any more. One that is neither lost nor whole in both directions is reset (in HTTP/1 a server's
  /// unread request content is drained first, within limits::drain). It may be reused at once.
  void finish(exchange& x);

  /// No further exchange; closes once those under way have ended.
  virtual void close_gracefully() = 0;
  /// Closes now: open exchanges are lost.
  virtual void abort(std::string_view reason) = 0;

  [[nodiscard]] net::loop& loop() const { return loop_; }
  [[nodiscard]] virtual const net::endpoint& peer() const = 0;
  [[nodiscard]] virtual const net::endpoint& local() const = 0;
  [[nodiscard]] const std::string& peer_name() const { return peer_name_; }
  [[nodiscard]] parley::version version() const { return engine_->version(); }
  [[nodiscard]] std::uint64_t id() const { return id_; }
  /// What protects it; null: nothing does.
  [[nodiscard]] const parley::detail::tls_source* tls() const { return tls_; }
  /// Server: the client speaks in cleartext where TLS is spoken. Good for one answer that says so.
  [[nodiscard]] bool without_tls() const { return without_tls_; }
  /// Requests received (at a server).
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  /// All bytes that the transport has taken so far.
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] bool closed() const { return closed_; }
  /// What the transport below failed with; none when it did not.
  [[nodiscard]] std::error_code transport_error() const { return transport_error_; }
  [[nodiscard]] bool idle() const { return exchanges_.empty() && engine_->idle(); }
  /// Something of messages that have ended has not been taken by the transport yet; false over QUIC, whose streams hold it.
  [[nodiscard]] virtual bool has_output() const { return false; }

  /// For the owner's lists.
  std::size_t owner_index = 0;
  /// Where the owner counts bytes, if it does.
  connection::traffic* traffic = nullptr;

 protected:
  /// `id` names it in observations. The owner, the loop and the observer outlive it.
  http_connection(net::loop& on, std::unique_ptr<engine::message_engine> engine, exchange_owner& owner, engine::role as,
                  const limits& caps, std::uint64_t id, engine::observer* observer, std::string peer_name);

  /// Takes the engine's events, writes what it has to say, arms the timer: the one way through.
  virtual void turn() = 0;
  /// An exchange began though the peer's direction has ended.
  virtual void bound_late() {}

  void schedule_turn();  // soon, when not already inside one
  void handle(engine::event& e);
  /// What of `piece` the engine cannot take as it is becomes bytes; false: a file that is shorter than it was.
  [[nodiscard]] static bool read_file(engine::chunk& piece);
  /// Only what a busy connection needs goes to the next one that is.
  void rest() {
    engine_->rest();
    exchanges_.rest();
  }
  void reset_in_engine(engine::stream_id id);
  void tell_idle();
  void tell_violation();
  /// The transport was closed just now: all exchanges are lost.
  void tell_closing();
  /// Once it is closed and no exchange is left, the owner hears of it.
  void check_closed();
  exchange* find(engine::stream_id id) { return exchanges_.find(id); }
  [[nodiscard]] bool multiplexes() const { return engine_->version() >= parley::version::http2; }
  void see(auto what, engine::stream_id stream = 0) {
    if (observer_ != nullptr) observer_->observe({loop_.now(), id_, stream, what});
  }

  net::loop& loop_;
  std::unique_ptr<engine::message_engine> engine_;
  exchange_owner& owner_;
  const limits& limits_;
  engine::observer* observer_;
  const parley::detail::tls_source* tls_ = nullptr;
  std::uint64_t id_;
  std::string peer_name_;
  exchange_table exchanges_;
  std::uint64_t requests_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::error_code transport_error_;
  const bool is_client_;
  bool without_tls_ = false;
  bool takes_files_ = true;  // the engine does
  bool in_turn_ = false;
  bool turn_scheduled_ = false;
  bool peer_ended_ = false;   // its direction of the byte stream
  bool write_ended_ = false;  // ours
  bool cut_off_ = false;      // something unfinished was sent whose end the byte stream's end would be
  bool draining_told_ = false;
  bool idle_told_ = true;
  bool had_capacity_ = true;  // for a client's next request
  bool closed_ = false;
  bool closed_told_ = false;
  bool violation_told_ = false;

 private:
  friend class incoming_content;
  friend class outgoing_content;

  void on_request_event(engine::request_event& e);
  void on_response_event(engine::response_event& e);
  void on_data(exchange& x, std::string_view bytes);
  void on_complete(exchange& x);
  void on_reset_event(engine::reset_event& e);
  void on_push_event(engine::push_event& e);
  void lose_all();
  void lose(exchange& x);
  void bind(exchange& x, engine::stream_id id);
  void consumed(exchange& x, std::size_t n);
  void make_room(exchange& x, std::size_t wanted);
  void give_up_share(exchange& x);
  void let_go_on(exchange& x);
  void send_continue(exchange& x) noexcept;

  collected_content collected_;
};

}  // namespace parley::connection
