// A service manager (systemd) and its services: sockets that it opened for us, and what it wants to be told. It needs no library of
// systemd's.
//
//   for (const parley::inherited_socket& one : parley::inherited_sockets()) app.listen(one.descriptor);
#pragma once

#include <parley/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// A socket that the service manager opened and handed over.
struct inherited_socket {
  int descriptor = -1;
  std::string name;  // FileDescriptorName= of the socket unit, by default that unit's name; empty when there is none
};

/// Socket activation, sd_listen_fds(3): what LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES say. The descriptors are the caller's from
/// here on; programs that it starts get neither them nor the variables, which are removed. So only the first call gives them. Empty
/// when nothing was handed over, or to another process. Not while other threads read the environment.
[[nodiscard]] PARLEY_API std::vector<inherited_socket> inherited_sockets();

/// Tells the service manager a state, sd_notify(3): `READY=1`, `STOPPING=1`, `STATUS=...`, several on a line each. False when nobody
/// waits for it (NOTIFY_SOCKET is not set), or it could not be told. Never blocks. `server::run` tells what it does by itself.
PARLEY_API bool notify_service_manager(std::string_view state);

/// What is to be told before a reload: `RELOADING=1` with the time, as `Type=notify-reload` wants it. `READY=1` follows it.
PARLEY_API bool notify_reloading();

}  // namespace parley
