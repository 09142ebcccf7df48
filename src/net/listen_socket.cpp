#include "net/listen_socket.hpp"

#include "net/socket_address.hpp"
#include "net/tcp.hpp"

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::net {
namespace {

void switch_on(int socket, int level, int option) {
  const int yes = 1;
  setsockopt(socket, level, option, &yes, sizeof yes);
}

base::unique_fd open_stream_socket(int family) {
  return base::unique_fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// A socket of the path `at` that nobody answers on was left behind by a program that is gone.
bool is_left_behind(const socket_address& at, const std::string& path) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  const base::unique_fd probe = open_stream_socket(AF_UNIX);
  return probe && ::connect(probe.get(), at.get(), at.length) != 0 && errno == ECONNREFUSED;
}

std::error_code bind_path(int socket, const socket_address& at, const std::string& path) {
  if (::bind(socket, at.get(), at.length) == 0) return {};
  if (errno != EADDRINUSE) return last_error();
  if (!is_left_behind(at, path)) return make_error_code(std::errc::address_in_use);
  if (unlink(path.c_str()) != 0) return last_error();
  return ::bind(socket, at.get(), at.length) == 0 ? std::error_code() : last_error();
}

/// Without SO_REUSEPORT, binding fails next to any socket that listens there, even one that would share.
std::error_code look_for_others(const socket_address& at) {
  const base::unique_fd probe = open_stream_socket(at.family());
  if (!probe) return last_error();
  switch_on(probe.get(), SOL_SOCKET, SO_REUSEADDR);
  if (at.family() == AF_INET6) switch_on(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  return ::bind(probe.get(), at.get(), at.length) == 0 ? std::error_code() : last_error();
}

std::error_code bind_tcp(int socket, const socket_address& at, bool loopback, const listen_options& options) {
  if (options.alone) {
    if (const std::error_code error = look_for_others(at)) return error;
  }
  switch_on(socket, SOL_SOCKET, SO_REUSEADDR);  // also while connections of the last run linger in TIME_WAIT
  if (options.share) switch_on(socket, SOL_SOCKET, SO_REUSEPORT);
  if (at.family() == AF_INET6) switch_on(socket, IPPROTO_IPV6, IPV6_V6ONLY);
  send_without_delay(socket);  // accepted sockets inherit it
  if (loopback) send_without_pacing(socket);
  switch_on(socket, SOL_SOCKET, SO_OOBINLINE);  // and this: urgent data would end a read before the end of what is there
  return ::bind(socket, at.get(), at.length) == 0 ? std::error_code() : last_error();
}

std::expected<listen_socket, std::error_code> adopt(int inherited) {
  listen_socket adopted{base::unique_fd(inherited), {}, false, 0};
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(inherited, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) return std::unexpected(last_error());
  if (listens == 0) return std::unexpected(make_error_code(std::errc::invalid_argument));
  int type = 0;
  size = sizeof type;
  if (getsockopt(inherited, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return std::unexpected(last_error());
  if (type != SOCK_STREAM) return std::unexpected(make_error_code(std::errc::invalid_argument));
  if (const int flags = fcntl(inherited, F_GETFL); (flags & O_NONBLOCK) == 0) fcntl(inherited, F_SETFL, flags | O_NONBLOCK);
  adopted.local = local_of(inherited);
  if (!adopted.local.unix_socket) send_without_delay(inherited);
  if (adopted.local.loopback()) send_without_pacing(inherited);
  return adopted;
}

}  // namespace

std::expected<listen_socket, std::error_code> open_listen_socket(const endpoint& at, const listen_options& options) {
  if (options.inherited >= 0) return adopt(options.inherited);
  const auto address = to_socket_address(at);
  if (!address) return std::unexpected(address.error());
  listen_socket made{open_stream_socket(address->family()), at, true, 0};
  if (!made.socket) return std::unexpected(last_error());
  const std::error_code error = at.unix_socket ? bind_path(made.socket.get(), *address, at.host)
                                               : bind_tcp(made.socket.get(), *address, at.loopback(), options);
  if (error) return std::unexpected(error);
  if (struct stat bound{}; at.unix_socket && lstat(at.host.c_str(), &bound) == 0) made.file = bound.st_ino;
  if (const std::error_code refused = at.unix_socket ? set_access(at.host, options.access) : std::error_code()) {
    remove_listen_path(made);
    return std::unexpected(refused);
  }
  if (::listen(made.socket.get(), options.backlog > 0 ? options.backlog : SOMAXCONN) != 0) return std::unexpected(last_error());
  if (!at.unix_socket) made.local = local_of(made.socket.get());
  return made;
}

void remove_listen_path(const listen_socket& of) {
  if (of.file == 0) return;
  struct stat found{};
  if (lstat(of.local.host.c_str(), &found) == 0 && found.st_ino == of.file) unlink(of.local.host.c_str());
}

}  // namespace parley::net
