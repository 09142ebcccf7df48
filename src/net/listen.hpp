// Listening for connections.
#pragma once

#include "net/loop.hpp"
#include "net/socket_access.hpp"
#include "net/stream.hpp"

namespace parley::net {

struct listen_options {
  /// Several sockets share the address (SO_REUSEPORT), one a loop; the kernel spreads the connections over them.
  bool share = true;
  /// First makes sure that nobody else listens there, not even one who shares too: for the first of our sockets, since two
  /// programs of one user would otherwise take each other's connections without a word.
  bool alone = false;
  /// Connections that wait in the kernel to be accepted; 0: as many as the system allows.
  int backlog = 0;
  /// A socket that listens already and was inherited (systemd's socket activation); -1: none. The listener owns it, and the
  /// address given to `listen` is not looked at.
  int inherited = -1;
  /// Who may connect to a Unix socket.
  socket_access access = {};
};

/// Listens on an address (numeric; port 0: the system chooses one) or a Unix socket's path. A path that a program which is gone
/// left behind is taken over; one that is answered on is `address_in_use`. The path is removed with the listener.
/// IPv6 addresses take IPv6 only.
[[nodiscard]] std::expected<std::unique_ptr<listener>, std::error_code> listen(loop& on, const endpoint& at,
                                                                               const listen_options& options);
[[nodiscard]] inline std::expected<std::unique_ptr<listener>, std::error_code> listen(loop& on, const endpoint& at) {
  return listen(on, at, listen_options());
}

}  // namespace parley::net
