#include "net/datagram.hpp"
#include "net/socket_address.hpp"

#include <netinet/in.h>

namespace parley::net {

static_assert(sizeof(sockaddr_in6) == 28 && sizeof(sockaddr_in) == 16);

ip_endpoint::ip_endpoint(const void* socket_address, std::size_t size) {
  sa_family_t family = AF_UNSPEC;
  if (size < sizeof(sockaddr_in)) return;
  std::memcpy(&family, static_cast<const char*>(socket_address) + offsetof(sockaddr, sa_family), sizeof family);
  if (family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, socket_address, sizeof in);
    std::memset(in.sin_zero, 0, sizeof in.sin_zero);
    std::memcpy(bytes_.data(), &in, sizeof in);
    size_ = sizeof in;
  } else if (family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    std::memcpy(&in, socket_address, sizeof in);
    in.sin6_flowinfo = 0;
    std::memcpy(bytes_.data(), &in, sizeof in);
    size_ = sizeof in;
  }
}

ip_endpoint::ip_endpoint(const endpoint& from) {
  if (from.unix_socket) return;
  if (const auto address = to_socket_address(from)) *this = ip_endpoint(address->get(), address->length);
}

// The port lies at the same place in both.
std::uint16_t ip_endpoint::port() const {
  in_port_t port = 0;
  std::memcpy(&port, bytes_.data() + offsetof(sockaddr_in, sin_port), sizeof port);
  return ntohs(port);
}

void ip_endpoint::port(std::uint16_t n) {
  if (empty()) return;
  const in_port_t port = htons(n);
  std::memcpy(bytes_.data() + offsetof(sockaddr_in, sin_port), &port, sizeof port);
}

bool ip_endpoint::any_address() const {
  const std::size_t from = v6() ? offsetof(sockaddr_in6, sin6_addr) : offsetof(sockaddr_in, sin_addr);
  const std::size_t size = v6() ? sizeof(in6_addr) : sizeof(in_addr);
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes_[from + i] != 0) return false;
  }
  return true;
}

endpoint ip_endpoint::to_endpoint() const {
  if (empty()) return {};
  socket_address address;
  std::memcpy(address.get(), bytes_.data(), size_);
  address.length = static_cast<socklen_t>(size_);
  return net::to_endpoint(address);
}

}  // namespace parley::net
