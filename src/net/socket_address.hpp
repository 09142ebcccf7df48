// Our endpoints as the system's socket addresses, and back.
#pragma once

#include "net/stream.hpp"

#include <expected>
#include <sys/socket.h>

namespace parley::net {

struct socket_address {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

/// `host` must be a numeric address (IPv6 perhaps with a zone, `fe80::1%eth0`) or a path; a name is `invalid_argument`.
[[nodiscard]] std::expected<socket_address, std::error_code> to_socket_address(const endpoint& from);
[[nodiscard]] endpoint to_endpoint(const socket_address& from);
/// Whether `host` is a numeric IPv4 or IPv6 address, without brackets.
[[nodiscard]] bool is_numeric_address(const std::string& host);

/// The end of a socket: `getpeername`, `getsockname`. Empty when there is none.
[[nodiscard]] endpoint peer_of(int socket);
[[nodiscard]] endpoint local_of(int socket);

[[nodiscard]] std::error_code last_error();

}  // namespace parley::net
