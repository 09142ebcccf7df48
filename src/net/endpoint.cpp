#include "net/stream.hpp"

namespace parley::net {

std::string endpoint::to_string() const {
  if (unix_socket) return "unix:" + host;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool endpoint::loopback() const {
  return unix_socket || host.starts_with("127.") || host == "::1" || host.starts_with("::ffff:127.") || host == "memory";
}

}  // namespace parley::net
