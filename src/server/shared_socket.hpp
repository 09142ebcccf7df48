// Listening sockets that all loops share, each by a descriptor of its own: Unix sockets, and those that were inherited. (For TCP
// sockets of our own each loop has one, with SO_REUSEPORT.)
#pragma once

#include "base/unique_fd.hpp"
#include "net/listen_socket.hpp"

#include <string>
#include <string_view>

namespace parley::server_room {

class shared_socket {
 public:
  /// `unix:PATH?mode=0660&user=NAME&group=NAME`. Throws `listen_error`.
  [[nodiscard]] static shared_socket at_path(std::string_view url);
  /// Takes `descriptor` once it is sure that it listens. Throws `listen_error`.
  [[nodiscard]] static shared_socket inherited(int descriptor);
  shared_socket(shared_socket&&) = default;
  shared_socket& operator=(shared_socket&&) = delete;
  ~shared_socket() { turn_away(); }

  [[nodiscard]] const net::endpoint& local() const { return socket_.local; }
  /// One more descriptor of it, for a loop. Throws `listen_error`.
  [[nodiscard]] base::unique_fd descriptor() const;
  /// New connections to a path of ours are refused from here on, and the path is removed; those in the queue can still be accepted.
  /// An inherited socket is left to its other holders.
  void turn_away();

 private:
  explicit shared_socket(net::listen_socket of) : socket_(std::move(of)) {}
  net::listen_socket socket_;
};

/// What stands in a `unix:` URL.
struct unix_url {
  std::string path;
  net::socket_access access;
};
[[nodiscard]] unix_url parse_unix_url(std::string_view url);

}  // namespace parley::server_room
