#include "net/tcp.hpp"

#include "net/asio_loop.hpp"
#include "net/intrusive.hpp"
#include "net/socket_address.hpp"
#include "net/socket_write.hpp"

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace parley::net {
namespace {

/// What Asio's operations under way hold on to. It outlives the stream until they have come back; once `closed`, they find
/// nobody to tell.
class socket_core : public counted<socket_core> {
 public:
  socket_core(asio_loop& on, base::unique_fd socket, bool unix_socket) : loop_(on), socket_(on.context()) {
    const asio::generic::stream_protocol tcp(AF_INET, IPPROTO_TCP);  // of either address family: Asio does not look at that
    socket_.assign(unix_socket ? asio::generic::stream_protocol(AF_UNIX, 0) : tcp, socket.get());
    static_cast<void>(socket.release());  // had `assign` thrown, it would be ours to close
    socket_.native_non_blocking(true);
  }

  void handler(stream_handler* to) { handler_ = to; }
  [[nodiscard]] int descriptor() { return socket_.native_handle(); }
  [[nodiscard]] bool closed() const { return closed_; }

  void read(std::span<char> into) {
    if (closed_) return;
    into_ = into;
    wanted_ = true;
    if (given_up_) return;  // Asio's read still is under way; its end begins this one
    if (kept_.empty() && !kept_end_) return start_read();
    loop_.defer([self = intrusive<socket_core>(this)] { self->give_kept(); });
  }

  // Asio may have received the bytes already, with its callback in the queue: only that callback knows how many. So the whole
  // room is kept until it comes; giving up is rare.
  void cancel_read() {
    if (!wanted_) return;
    wanted_ = false;
    if (!reading_ || given_up_) return;
    given_up_ = true;
    kept_.assign(into_.begin(), into_.end());
    std::error_code ignored;
    socket_.cancel(ignored);
  }

  void wait_writable() {
    if (closed_ || waiting_) return;
    waiting_ = true;
    socket_.async_wait(asio::socket_base::wait_write, [self = intrusive<socket_core>(this)](std::error_code error) {
      self->loop_.turn([&] { self->on_wait(error); });
    });
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    handler_ = nullptr;
    std::error_code ignored;
    socket_.close(ignored);
  }

 private:
  void start_read() {
    reading_ = true;
    socket_.async_read_some(asio::buffer(into_.data(), into_.size()),
                            [self = intrusive<socket_core>(this)](std::error_code error, std::size_t n) {
                              self->loop_.turn([&] { self->on_read(n, error); });
                            });
  }

  void on_read(std::size_t n, std::error_code error) {
    reading_ = false;
    if (closed_) return;
    const bool end = error == asio::error::eof;
    const bool aborted = error == asio::error::operation_aborted;
    error = end ? std::error_code() : from_asio(error);
    if (!given_up_) {
      wanted_ = false;
      if (handler_ != nullptr) handler_->on_read(n, error);
      return;
    }
    given_up_ = false;
    kept_.resize(n);
    kept_end_ = end || (error && !aborted);
    kept_error_ = aborted ? std::error_code() : error;
    if (!wanted_) return;
    if (n > 0 || kept_end_) return give_kept();
    start_read();
  }

  /// Bytes that had been received when a read was given up.
  void give_kept() {
    if (closed_ || !wanted_ || reading_ || (kept_.empty() && !kept_end_)) return;
    wanted_ = false;
    const std::size_t n = std::min(kept_.size(), into_.size());
    std::copy_n(kept_.begin(), n, into_.begin());
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(n));
    if (n == 0) kept_end_ = false;
    if (handler_ != nullptr) handler_->on_read(n, n == 0 ? std::exchange(kept_error_, {}) : std::error_code());
  }

  void on_wait(std::error_code error) {
    waiting_ = false;
    if (closed_) return;
    if (error == asio::error::operation_aborted) return wait_writable();  // a read was given up, which stops this too
    if (handler_ != nullptr) handler_->on_writable(from_asio(error));
  }

  asio_loop& loop_;
  asio::generic::stream_protocol::socket socket_;
  stream_handler* handler_ = nullptr;
  std::span<char> into_;
  std::vector<char> kept_;
  std::error_code kept_error_;
  bool kept_end_ = false;  // the end or an error comes after what is kept
  bool wanted_ = false;    // the handler waits for `on_read`
  bool reading_ = false;   // Asio reads
  bool given_up_ = false;  // what Asio reads is for nobody
  bool waiting_ = false;   // for room to write
  bool closed_ = false;
};

class tcp_stream final : public byte_stream {
 public:
  tcp_stream(asio_loop& on, base::unique_fd socket, bool unix_socket, std::optional<endpoint> peer)
      : core_(new socket_core(on, std::move(socket), unix_socket)), peer_(std::move(peer)) {}
  ~tcp_stream() override { close(); }

  void handler(stream_handler* to) override { core_->handler(to); }
  void read(std::span<char> into) override { core_->read(into); }
  void cancel_read() override { core_->cancel_read(); }
  write_result write(std::span<const base::segment> segments) override {
    if (core_->closed()) return {0, false, make_error_code(std::errc::not_connected)};
    return write_segments(core_->descriptor(), segments);
  }
  void wait_writable() override { core_->wait_writable(); }
  void shutdown_write() override {
    if (!core_->closed()) ::shutdown(core_->descriptor(), SHUT_WR);
  }
  void close() override { core_->close(); }
  void abort() override {
    if (core_->closed()) return;
    const linger at_once{1, 0};
    setsockopt(core_->descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    core_->close();
  }
  // Asked for when somebody wants to know; empty when that is after the end.
  [[nodiscard]] const endpoint& peer() const override {
    if (!peer_) peer_ = core_->closed() ? endpoint() : peer_of(core_->descriptor());
    return *peer_;
  }
  [[nodiscard]] const endpoint& local() const override {
    if (!local_) local_ = core_->closed() ? endpoint() : local_of(core_->descriptor());
    return *local_;
  }

 private:
  intrusive<socket_core> core_;
  mutable std::optional<endpoint> peer_;
  mutable std::optional<endpoint> local_;
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

}  // namespace parley::net
