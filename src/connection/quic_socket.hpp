// The UDP socket of one client's connection.
#pragma once

#include "connection/quic_outbox.hpp"
#include "net/datagram.hpp"

#include <memory>
#include <span>
#include <system_error>

namespace parley::connection {

class quic_socket final : private net::datagram_handler {
 public:
  quic_socket(net::loop& on, std::unique_ptr<net::datagram_socket> socket, traffic* counts);
  [[nodiscard]] quic_outbox& outbox() { return outbox_; }
  void start(quic_connection& to);

 private:
  void on_datagrams(std::span<const net::datagram_run> runs) override;
  void on_writable() override { outbox_.on_writable(); }
  void on_error(std::error_code what) override;

  std::unique_ptr<net::datagram_socket> socket_;
  traffic* traffic_;
  quic_outbox outbox_;
  quic_connection* to_ = nullptr;
};

}  // namespace parley::connection
