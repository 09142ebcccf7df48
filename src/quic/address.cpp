#include "quic/address.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

namespace parley::quic {

// sockaddr_in's padding and sockaddr_in6's flow label say nothing about where somebody is.
address::address(const void* socket_address, std::size_t size) {
  static_assert(sizeof(sockaddr_in6) == most);
  sa_family_t family = AF_UNSPEC;
  if (size < sizeof(sockaddr)) return;
  std::memcpy(&family, static_cast<const char*>(socket_address) + offsetof(sockaddr, sa_family), sizeof family);
  if (family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, socket_address, sizeof v4);
    std::memset(v4.sin_zero, 0, sizeof v4.sin_zero);
    std::memcpy(bytes_.data(), &v4, sizeof v4);
    size_ = sizeof v4;
  } else if (family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, socket_address, sizeof v6);
    v6.sin6_flowinfo = 0;
    std::memcpy(bytes_.data(), &v6, sizeof v6);
    size_ = sizeof v6;
  }
}

std::string address::host() const {
  if (empty()) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::size_t at = is_ipv6() ? offsetof(sockaddr_in6, sin6_addr) : offsetof(sockaddr_in, sin_addr);
  return ::inet_ntop(is_ipv6() ? AF_INET6 : AF_INET, bytes_.data() + at, text.data(), text.size()) != nullptr ? text.data() : "";
}

bool address::loopback() const {
  if (is_ipv6()) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, bytes_.data(), sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
  }
  sockaddr_in v4{};
  if (size_ == sizeof v4) std::memcpy(&v4, bytes_.data(), sizeof v4);
  return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

}  // namespace parley::quic
