#include <parley/service.hpp>

#include "base/number.hpp"
#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

namespace parley {

namespace {

constexpr int first_inherited = 3;  // SD_LISTEN_FDS_START

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

/// The piece before the next colon, which is cut off `rest`.
std::string next_name(std::string& rest) {
  const std::size_t colon = rest.find(':');
  std::string name = rest.substr(0, colon);
  rest.erase(0, colon == std::string::npos ? rest.size() : colon + 1);
  return name;
}

/// `/run/systemd/notify`, or `@name` in the abstract name space.
std::optional<std::size_t> notify_address(const char* path, sockaddr_un& to) {
  const std::size_t length = std::strlen(path);
  if (length < 2 || length >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@')) return std::nullopt;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path, length);
  if (path[0] == '@') to.sun_path[0] = '\0';
  return offsetof(sockaddr_un, sun_path) + length;
}

}  // namespace

std::vector<inherited_socket> inherited_sockets() {
  const std::string process = take_variable("LISTEN_PID");
  const std::string count = take_variable("LISTEN_FDS");
  std::string names = take_variable("LISTEN_FDNAMES");
  const auto pid = base::parse_decimal(process);
  const auto sockets = base::parse_decimal(count);
  std::vector<inherited_socket> taken;
  if (!pid || *pid != static_cast<std::uint64_t>(::getpid()) || !sockets || *sockets > 1024) return taken;
  for (int i = 0; i < static_cast<int>(*sockets); ++i) {
    const int descriptor = first_inherited + i;
    const int flags = ::fcntl(descriptor, F_GETFD);
    std::string name = next_name(names);
    if (flags < 0) continue;  // it was promised and is not there
    ::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
    taken.push_back({descriptor, std::move(name)});
  }
  return taken;
}

bool notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  const auto length = path == nullptr ? std::nullopt : notify_address(path, to);
  if (!length) return false;
  const base::unique_fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return false;
  const ssize_t sent = ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(*length));
  return sent == static_cast<ssize_t>(state.size());
}

bool notify_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto micros = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
  return notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros));
}

}  // namespace parley
