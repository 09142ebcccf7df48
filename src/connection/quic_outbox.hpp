// How the connections of one UDP socket send: what is ready in one turn of the loop leaves with few calls of the system.
#pragma once

#include "connection/traffic.hpp"
#include "net/datagram.hpp"
#include "net/loop.hpp"
#include "quic/batch.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace parley::connection {

class quic_connection;

/// Outlives the connections that use it. One thread.
class quic_outbox {
 public:
  quic_outbox(net::loop& on, net::datagram_socket& to, traffic* counts, std::size_t capacity = 128UL * 1024)
      : loop_(on), socket_(to), traffic_(counts), batch_(capacity) {}
  quic_outbox(const quic_outbox&) = delete;
  quic_outbox& operator=(const quic_outbox&) = delete;
  /// What still waits is offered to the system once more: the ends of connections, say, of a server that ends.
  ~quic_outbox();

  /// Where datagrams are written, unless it is `blocked`.
  [[nodiscard]] quic::batch& batch() { return batch_; }
  /// The system takes no more now. Who has something to send waits.
  [[nodiscard]] bool blocked() const { return blocked_; }
  /// Sends what is there; false: it is blocked.
  bool flush();
  /// The same once what is ready now has had its turn.
  void flush_soon();
  /// Has its turn when the socket takes more.
  void wait(quic_connection& who);
  void forget(quic_connection& who);
  /// The socket says so.
  void on_writable();

 private:
  net::loop& loop_;
  net::datagram_socket& socket_;
  traffic* traffic_;
  quic::batch batch_;
  net::send_place place_;
  std::vector<net::datagram_run> runs_;  // of the batch under way
  std::vector<quic_connection*> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool blocked_ = false;
  bool flush_scheduled_ = false;
};

[[nodiscard]] inline quic::address to_quic(const net::ip_endpoint& from) { return {from.data(), from.size()}; }
[[nodiscard]] inline net::ip_endpoint from_quic(const quic::address& from) { return {from.data(), from.size()}; }

}  // namespace parley::connection
