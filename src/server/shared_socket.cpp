#include "server/shared_socket.hpp"

#include "base/number.hpp"
#include "net/socket_address.hpp"

#include <parley/server.hpp>
#include <parley/uri.hpp>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace parley::server_room {

namespace {

constexpr std::string_view unix_prefix = "unix:";

[[noreturn]] void refuse_path(std::string_view url, const std::string& why) {
  throw listen_error("cannot listen on \"" + std::string(url) + "\": " + why);
}

int parse_mode(std::string_view url, std::string_view text) {
  int mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || mode < 0 || mode > 0777) {
    refuse_path(url, "mode takes permissions in octal, such as mode=0660");
  }
  return mode;
}

/// The id of a name, or a number.
template <class Entry, class Look>
unsigned find_id(std::string_view url, std::string_view what, const std::string& name, Look look, unsigned Entry::* id) {
  if (const auto number = base::parse_decimal(name); number && *number < 0xffffffffU) return static_cast<unsigned>(*number);
  Entry entry{};
  Entry* found = nullptr;
  std::array<char, 16384> room{};
  if (!name.empty()) look(name.c_str(), &entry, room.data(), room.size(), &found);
  if (found == nullptr) refuse_path(url, "there is no " + std::string(what) + " \"" + name + "\" on this machine");
  return found->*id;
}

void read_parameter(unix_url& to, std::string_view url, std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  const std::string_view name = parameter.substr(0, equals);
  const std::string value(equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1));
  if (name == "mode") {
    to.access.mode = parse_mode(url, value);
  } else if (name == "user") {
    to.access.user = find_id<passwd>(url, name, value, ::getpwnam_r, &passwd::pw_uid);
  } else if (name == "group") {
    to.access.group = find_id<group>(url, name, value, ::getgrnam_r, &group::gr_gid);
  } else {
    refuse_path(url, "behind ? may stand mode, user and group, as in unix:/run/parley.sock?mode=0660&group=www-data");
  }
}

/// A sentence's end for what a descriptor is not; empty when it listens.
std::string what_is_wrong(int descriptor) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &value, &size) != 0) return errno == EBADF ? "it is not open" : "it is no socket";
  if (value != SOCK_STREAM) return "it is no stream socket (systemd: ListenStream=)";
  size = sizeof value;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) != 0 || value == 0) {
    return "it does not listen (systemd: Accept=no)";
  }
  return {};
}

}  // namespace

unix_url parse_unix_url(std::string_view url) {
  unix_url made;
  std::string_view rest = url.substr(unix_prefix.size());
  const std::size_t question = rest.find('?');
  const auto path = percent_decode(rest.substr(0, question));
  if (!path || path->empty()) refuse_path(url, "a path must follow, as in unix:/run/parley.sock");
  made.path = *path;
  if (question == std::string_view::npos) return made;
  rest.remove_prefix(question + 1);
  while (!rest.empty()) {
    const std::size_t ampersand = rest.find('&');
    read_parameter(made, url, rest.substr(0, ampersand));
    rest.remove_prefix(ampersand == std::string_view::npos ? rest.size() : ampersand + 1);
  }
  return made;
}

shared_socket shared_socket::at_path(std::string_view url) {
  const unix_url wanted = parse_unix_url(url);
  net::listen_options how;
  how.access = wanted.access;
  auto made = net::open_listen_socket({wanted.path, 0, true}, how);
  if (made) return shared_socket(std::move(*made));
  const std::error_code error = made.error();
  if (error == std::errc::address_in_use) {
    throw listen_error(wanted.path + " is in use: a program answers there, or it is a file that is no socket", error);
  }
  if (error == std::errc::filename_too_long)
    throw listen_error(wanted.path + " is too long for a socket's path (107 bytes)", error);
  throw listen_error("cannot listen on " + wanted.path + ": " + error.message(), error);
}

shared_socket shared_socket::inherited(int descriptor) {
  if (const std::string wrong = what_is_wrong(descriptor); !wrong.empty()) {
    throw listen_error("cannot listen on descriptor " + std::to_string(descriptor) + ": " + wrong,
                       make_error_code(std::errc::invalid_argument));
  }
  net::listen_options how;
  how.inherited = descriptor;
  auto made = net::open_listen_socket({}, how);
  if (!made)
    throw listen_error("cannot listen on descriptor " + std::to_string(descriptor) + ": " + made.error().message(), made.error());
  return shared_socket(std::move(*made));
}

base::unique_fd shared_socket::descriptor() const {
  base::unique_fd made(::fcntl(socket_.socket.get(), F_DUPFD_CLOEXEC, 0));
  if (!made) throw listen_error("cannot listen on " + local().to_string() + ": " + net::last_error().message(), net::last_error());
  return made;
}

void shared_socket::turn_away() {
  if (!socket_.own || !socket_.socket) return;
  // unix(7) does not say it, but the kernel refuses to connect to one that is shut down for reading, and still gives what waits.
  ::shutdown(socket_.socket.get(), SHUT_RD);
  net::remove_listen_path(socket_);
  socket_.file = 0;
}

}  // namespace parley::server_room
