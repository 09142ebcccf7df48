#include "net/tcp.hpp"

#include "net/epoll_loop.hpp"
#include "net/socket_address.hpp"
#include "net/socket_calls.hpp"
#include "net/socket_write.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace parley::net {
namespace {

constexpr std::uint32_t end_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// Watched once, for both directions and by edges: what an edge told is kept in `readable_` and `writable_` until a call finds nothing left.
// A read that gets less than it has room for has found that out without another call.
class tcp_stream final : public byte_stream, private watcher {
 public:
  tcp_stream(epoll_loop& on, base::unique_fd socket, bool unix_socket, std::optional<endpoint> peer)
      : loop_(on), socket_(std::move(socket)), unix_socket_(unix_socket), peer_known_(peer.has_value()),
        peer_(std::move(peer).value_or(endpoint())) {
    const std::error_code error = loop_.watch(socket_.get(), *this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    if (error) throw std::system_error(error);
  }
  ~tcp_stream() override { close(); }

  void handler(stream_handler* to) override { handler_ = to; }

  void read() override {
    if (!socket_ || wanted_) return;
    wanted_ = true;
    loop_.wait_begins();
    if (readable_) loop_.look_soon(*this, EPOLLIN);
  }

  void cancel_read() override {
    if (std::exchange(wanted_, false)) loop_.wait_ends();
  }

  using byte_stream::write;
  write_result write(std::span<const base::segment> segments, bool more) override {
    if (!socket_) return {0, false, make_error_code(std::errc::not_connected)};
    const socket_written done = write_segments(socket_.get(), segments, more);
    if (done.full) writable_ = false;
    return done;
  }

  [[nodiscard]] std::uint64_t unsent() const override { return socket_ ? unsent_bytes(socket_.get()) : 0; }

  void wait_writable() override {
    if (!socket_ || waiting_) return;
    waiting_ = true;
    loop_.wait_begins();
    if (writable_) loop_.look_soon(*this, EPOLLOUT);
  }

  void shutdown_write() override {
    if (socket_) ::shutdown(socket_.get(), SHUT_WR);
  }

  void close() override {
    if (!socket_) return;
    handler_ = nullptr;
    cancel_read();
    if (std::exchange(waiting_, false)) loop_.wait_ends();
    loop_.forget(*this);
    socket_.reset();
  }

  void abort() override {
    if (!socket_) return;
    const linger at_once{1, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  // Asked for when somebody wants to know; empty when that is after the end.
  [[nodiscard]] const endpoint& peer() const override {
    if (!std::exchange(peer_known_, true) && socket_) peer_ = peer_of(socket_.get());
    return peer_;
  }
  [[nodiscard]] const endpoint& local() const override {
    if (!local_) local_ = std::make_unique<endpoint>(socket_ ? local_of(socket_.get()) : endpoint());
    return *local_;
  }

 private:
  void on_events(std::uint32_t events) override {
    if ((events & (EPOLLIN | end_events)) != 0) readable_ = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
    if ((events & end_events) != 0) end_seen_ = true;
    epoll_loop& loop = loop_;  // the handler may destroy this stream
    const std::uint64_t token = epoll_loop::token(*this);
    if (wanted_ && readable_) receive();
    if (!loop.watches(token)) return;
    // Nobody reads, so this is how the end is noticed.
    if ((events & end_events) != 0 && !wanted_ && !end_told_ && handler_ != nullptr) {
      handler_->on_hangup((events & EPOLLERR) != 0 ? pending_error() : std::error_code());
      if (!loop.watches(token)) return;
    }
    if (!waiting_ || !writable_ || handler_ == nullptr) return;
    waiting_ = false;
    loop_.wait_ends();
    handler_->on_writable({});  // an error shows in the write that follows
  }

  void receive() {
    const std::span<char> room = handler_->read_room();
    ssize_t n = 0;
    do n = receive_once(socket_.get(), room.data(), room.size());
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
      readable_ = false;
      return;
    }
    // Less than there was room for: that was all, save the end that was told already. (Not so at a Unix socket: a read ends behind a
    // message that brought descriptors.)
    if (n > 0 && static_cast<std::size_t>(n) < room.size() && !end_seen_ && !unix_socket_) readable_ = false;
    const std::error_code error = n < 0 ? last_error() : std::error_code();
    if (n <= 0) end_told_ = true;
    cancel_read();
    handler_->on_read(n > 0 ? static_cast<std::size_t>(n) : 0, error);
  }

  [[nodiscard]] std::error_code pending_error() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0) error = ECONNRESET;
    return {error, std::system_category()};
  }

  epoll_loop& loop_;
  stream_handler* handler_ = nullptr;
  base::unique_fd socket_;
  const bool unix_socket_;
  bool readable_ = false;
  bool writable_ = true;
  bool end_seen_ = false;  // by epoll
  bool end_told_ = false;  // to the handler
  bool wanted_ = false;    // the handler waits for `on_read`
  bool waiting_ = false;   // and for `on_writable`
  mutable bool peer_known_;
  mutable endpoint peer_;
  mutable std::unique_ptr<endpoint> local_;  // seldom asked for
};

}  // namespace

std::unique_ptr<byte_stream> make_stream(loop& on, base::unique_fd socket) {
  int family = AF_INET;
  socklen_t size = sizeof family;
  getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family != AF_UNIX) send_without_delay(socket.get());
  return std::make_unique<tcp_stream>(real(on), std::move(socket), family == AF_UNIX, std::nullopt);
}

std::unique_ptr<byte_stream> make_prepared_stream(loop& on, base::unique_fd socket, endpoint peer) {
  const bool unix_socket = peer.unix_socket;
  return std::make_unique<tcp_stream>(real(on), std::move(socket), unix_socket, std::move(peer));
}

void send_without_delay(int socket) {
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

void send_without_pacing(int socket) {
  char chosen[16] = {};  // TCP_CA_NAME_MAX
  socklen_t size = sizeof chosen;
  if (getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, chosen, &size) != 0) return;
  if (!std::string_view(chosen, strnlen(chosen, sizeof chosen)).starts_with("bbr")) return;
  for (const std::string_view other : {"cubic", "reno"}) {
    if (setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, other.data(), static_cast<socklen_t>(other.size())) == 0) return;
  }
}

}  // namespace parley::net
