// What goes along with datagrams through recvmsg(2) and sendmsg(2): addresses, ECN, sizes.
#pragma once

#include "net/datagram.hpp"

#include <cstddef>
#include <sys/socket.h>

namespace parley::net {

/// Room for all control messages of one call.
struct alignas(cmsghdr) control_room {
  std::array<unsigned char, 128> bytes;
};

/// What came with received bytes.
struct received_control {
  ip_endpoint local;  // without port; empty when it was not told
  std::uint8_t ecn = 0;
  std::size_t segment = 0;  // 0: one datagram
};
[[nodiscard]] received_control read_control(msghdr& of);

/// Fills `of` (its control room included) for one call that sends `bytes` of `run`. `with_local`: the system is to send from `run.local`.
void write_control(msghdr& of, control_room& room, const datagram_run& run, bool with_local, bool segmented);

}  // namespace parley::net
