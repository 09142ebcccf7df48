// Sockets that listen.
#pragma once

#include "base/unique_fd.hpp"
#include "net/listen.hpp"

#include <expected>
#include <sys/types.h>

namespace parley::net {

struct listen_socket {
  base::unique_fd socket;
  endpoint local;
  bool own = true;  // nobody else holds it; not so when it was inherited
  ino_t file = 0;   // of a Unix socket that we made, so that only ours is removed; 0: none
};

[[nodiscard]] std::expected<listen_socket, std::error_code> open_listen_socket(const endpoint& at, const listen_options& options);
/// Removes a Unix socket's path when it still is ours.
void remove_listen_path(const listen_socket& of);

}  // namespace parley::net
