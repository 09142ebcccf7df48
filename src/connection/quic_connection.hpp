// A connection over QUIC: datagrams below, an engine of streams in the middle, exchanges above.
#pragma once

#include "connection/http3.hpp"
#include "connection/http_connection.hpp"
#include "connection/quic_outbox.hpp"
#include "connection/quic_socket.hpp"
#include "engine/stream_engine.hpp"
#include "net/datagram.hpp"
#include "net/loop.hpp"
#include "quic/connection.hpp"

#include <parley/limits.hpp>
#include <parley/tls.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::connection {

/// An event that waits for its connection, and what it is a view of.
struct kept_event {
  engine::event what;
  std::unique_ptr<std::string> bytes;
};

class quic_connection final : public http_connection, private quic::event_taker, private parley::detail::tls_source {
 public:
  /// `transport` carries `engine`. The outbox too outlives it.
  quic_connection(net::loop& on, std::unique_ptr<engine::stream_engine> engine, std::unique_ptr<quic::connection> transport,
                  quic_outbox& outbox, exchange_owner& owner, engine::role as, const limits& caps, std::uint64_t id,
                  engine::observer* observer);
  ~quic_connection() override;

  void unobserve() override;
  void start() override;
  /// Server: what came before it was made; taken at `start`.
  void begin_with(std::vector<kept_event> events) { kept_ = std::move(events); }
  /// Client: the socket that is its own; `ready` hears once that the handshake is done, or why it will not be.
  void dial(std::unique_ptr<quic_socket> own, http3_ready ready);
  /// Of its own socket: nobody listens there, say.
  void on_socket_error(std::error_code what);
  /// One datagram. Its turn comes once all that arrived are taken.
  void receive(const quic::path& by, quic::ecn mark, std::string_view datagram);
  /// The outbox takes more.
  void go_on() { schedule_turn(); }
  [[nodiscard]] quic::connection& transport() { return *quic_; }
  [[nodiscard]] engine::stream_engine& streams() { return static_cast<engine::stream_engine&>(*engine_); }

  [[nodiscard]] bool handshake_done() const override { return quic_->handshake_done(); }
  [[nodiscard]] bool resumable() const override { return !is_client_ || quic_->tickets() > 0; }
  [[nodiscard]] bool early() const override { return !is_client_ && !quic_->handshake_done(); }
  [[nodiscard]] bool shown_to_be(std::string_view host) const override;
  void close_gracefully() override;
  void abort(std::string_view reason) override;
  [[nodiscard]] const net::endpoint& peer() const override { return peer_; }
  [[nodiscard]] const net::endpoint& local() const override { return local_; }
  [[nodiscard]] tls_info about() const override;

 private:
  void turn() override;
  void take_events() override;
  bool take_all();  // whether there was any
  bool write();     // whether it has more to send
  void check_end();
  void finish_closing();
  void watch_time();
  void on_time();
  void look_where();
  void look_ready();

  std::unique_ptr<quic_socket> own_;  // before what sends through it
  std::unique_ptr<quic::connection> quic_;
  http3_ready ready_;
  std::vector<kept_event> kept_;
  quic_outbox& outbox_;
  net::endpoint peer_;
  net::endpoint local_;
  net::timer timer_;
  unsigned migrations_ = 0;
  std::uint64_t tickets_ = 0;  // that were told
  bool graceful_ = false;
  bool remembered_ = false;  // client: the server's settings, for early data of the next connection
};

}  // namespace parley::connection
