// A UDP socket with everything switched on that we use of it.
#pragma once

#include "base/unique_fd.hpp"
#include "net/datagram.hpp"

namespace parley::net {

struct udp_socket {
  base::unique_fd socket;
  ip_endpoint local;
  bool connected = false;    // to its one peer
  bool tells_local = false;  // bound to all addresses, so datagrams tell which one they came to
  bool segments = false;     // UDP_SEGMENT: one call sends many
  bool gathers = false;      // UDP_GRO: one call receives many
};

[[nodiscard]] std::expected<udp_socket, std::error_code> open_udp_socket(const ip_endpoint& at, const datagram_options& options);
/// See `steer`.
[[nodiscard]] std::error_code attach_steering(int socket, const steering& how);

}  // namespace parley::net
