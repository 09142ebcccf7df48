// Who may connect to a Unix socket: the permissions of its file (unix(7)).
#pragma once

#include <string>
#include <sys/types.h>
#include <system_error>

namespace parley::net {

/// -1 leaves what the umask and the process give.
struct socket_access {
  int mode = -1;  // such as 0660
  uid_t user = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
};

/// Between bind and listen, so that nobody can connect before.
[[nodiscard]] std::error_code set_access(const std::string& path, const socket_access& to);

}  // namespace parley::net
