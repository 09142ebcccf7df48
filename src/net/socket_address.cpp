#include "net/socket_address.hpp"

#include "base/number.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace parley::net {
namespace {

std::expected<socket_address, std::error_code> path_address(const std::string& path) {
  socket_address to;
  auto& un = reinterpret_cast<sockaddr_un&>(to.storage);
  if (path.empty() || path.find('\0') != std::string::npos) return std::unexpected(make_error_code(std::errc::invalid_argument));
  if (path.size() >= sizeof(un.sun_path)) return std::unexpected(make_error_code(std::errc::filename_too_long));
  un.sun_family = AF_UNIX;
  std::ranges::copy(path, un.sun_path);
  to.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return to;
}

bool parse_v4(const std::string& host, std::uint16_t port, socket_address& to) {
  auto& in = reinterpret_cast<sockaddr_in&>(to.storage);
  if (inet_pton(AF_INET, host.c_str(), &in.sin_addr) != 1) return false;
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  to.length = sizeof(sockaddr_in);
  return true;
}

bool parse_v6(const std::string& host, std::uint16_t port, socket_address& to) {
  auto& in = reinterpret_cast<sockaddr_in6&>(to.storage);
  const std::size_t percent = host.find('%');
  if (inet_pton(AF_INET6, host.substr(0, percent).c_str(), &in.sin6_addr) != 1) return false;
  if (percent != std::string::npos) {
    const std::string zone = host.substr(percent + 1);
    in.sin6_scope_id = if_nametoindex(zone.c_str());
    if (in.sin6_scope_id == 0) {
      const std::optional<std::uint64_t> number = base::parse_decimal(zone);
      if (!number || *number == 0 || *number > UINT32_MAX) return false;
      in.sin6_scope_id = static_cast<std::uint32_t>(*number);
    }
  }
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  to.length = sizeof(sockaddr_in6);
  return true;
}

std::string zone_of(const sockaddr_in6& in) {
  if (in.sin6_scope_id == 0) return {};
  char name[IF_NAMESIZE];
  if (if_indextoname(in.sin6_scope_id, name) != nullptr) return "%" + std::string(name);
  return "%" + std::to_string(in.sin6_scope_id);
}

}  // namespace

std::error_code last_error() { return {errno, std::system_category()}; }

std::expected<socket_address, std::error_code> to_socket_address(const endpoint& from) {
  if (from.unix_socket) return path_address(from.host);
  socket_address to;
  if (parse_v4(from.host, from.port, to) || parse_v6(from.host, from.port, to)) return to;
  return std::unexpected(make_error_code(std::errc::invalid_argument));
}

bool is_numeric_address(const std::string& host) {
  socket_address unused;
  return parse_v4(host, 0, unused) || parse_v6(host, 0, unused);
}

endpoint to_endpoint(const socket_address& from) {
  char text[INET6_ADDRSTRLEN];
  if (from.family() == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(from.storage);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return {text, ntohs(in.sin_port), false};
  }
  if (from.family() == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(from.storage);
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    return {text + zone_of(in), ntohs(in.sin6_port), false};
  }
  if (from.family() == AF_UNIX) {
    const auto& un = reinterpret_cast<const sockaddr_un&>(from.storage);
    // A client's end of a Unix socket has no path.
    const std::size_t room = from.length > offsetof(sockaddr_un, sun_path) ? from.length - offsetof(sockaddr_un, sun_path) : 0;
    return {std::string(un.sun_path, strnlen(un.sun_path, std::min(room, sizeof(un.sun_path)))), 0, true};
  }
  return {};
}

endpoint peer_of(int socket) {
  socket_address at;
  if (getpeername(socket, at.get(), &at.length) != 0) return {};
  return to_endpoint(at);
}

endpoint local_of(int socket) {
  socket_address at;
  if (getsockname(socket, at.get(), &at.length) != 0) return {};
  return to_endpoint(at);
}

}  // namespace parley::net
