// Streams on the system's sockets: TCP and Unix.
#pragma once

#include "base/unique_fd.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

namespace parley::net {

/// A stream on a connected socket of TCP or of the Unix family, which it owns. On a loop of the system's. Throws
/// `std::system_error` when the system has no room to watch it.
[[nodiscard]] std::unique_ptr<byte_stream> make_stream(loop& on, base::unique_fd socket);
/// The same for a socket that sends without delay already (it inherits that from its listener) and whose peer is known.
[[nodiscard]] std::unique_ptr<byte_stream> make_prepared_stream(loop& on, base::unique_fd socket, endpoint peer);

/// TCP_NODELAY: what is ready leaves in one write anyway, so there is nothing for Nagle's algorithm to gather.
void send_without_delay(int socket);
/// For a socket whose peers are on this machine. A congestion control that paces (BBR) spends a timer on every packet, to spare a network that
/// is not there: it costs half the throughput of large files. So such a socket uses CUBIC, or Reno, where the system's choice is BBR.
void send_without_pacing(int socket);

}  // namespace parley::net
