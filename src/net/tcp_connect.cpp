#include "net/epoll_loop.hpp"
#include "net/socket_address.hpp"
#include "net/tcp.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace parley::net {
namespace {

using namespace std::chrono_literals;

using connected = std::expected<std::unique_ptr<byte_stream>, std::error_code>;

class tcp_connect final : public pending, private watcher {
 public:
  tcp_connect(epoll_loop& on, const endpoint& to, connect_callback done)
      : loop_(on), to_(to), done_(std::move(done)), later_(on, [this] { go_on(); }) {
    loop_.wait_begins();
    start();
  }
  ~tcp_connect() override {
    if (done_) loop_.wait_ends();
    if (socket_) loop_.unwatch(socket_.get(), *this);
  }

 private:
  void start() {
    const auto address = to_socket_address(to_);
    if (!address) return fail_soon(address.error());
    socket_ = base::unique_fd(::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return fail_soon(last_error());
    if (!to_.unix_socket) send_without_delay(socket_.get());
    if (to_.loopback()) send_without_pacing(socket_.get());
    if (::connect(socket_.get(), address->get(), address->length) == 0) return finish_soon();
    // A Unix socket whose queue is full does not go on by itself: no event will come.
    if (errno == EAGAIN) {
      again_ = true;
      return later_.arm(loop_.now() + 10ms);
    }
    if (errno != EINPROGRESS && errno != EINTR) return fail_soon(last_error());
    if (const std::error_code error = loop_.watch(socket_.get(), *this, EPOLLOUT | EPOLLET)) fail_soon(error);
  }

  void fail_soon(std::error_code error) {
    failure_ = error;
    finish_soon();
  }
  void finish_soon() { later_.arm(loop_.now()); }

  void go_on() {
    if (std::exchange(again_, false)) return start();
    finish(failure_);
  }

  void on_events(std::uint32_t) override {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    finish({error, std::system_category()});
  }

  // The callback may destroy this.
  void finish(std::error_code error) {
    if (!done_) return;
    connect_callback done = std::move(done_);
    done_ = nullptr;
    loop_.wait_ends();
    if (socket_) loop_.unwatch(socket_.get(), *this);
    if (error) {
      socket_.reset();
      return done(std::unexpected(error));
    }
    done(take_stream());
  }

  connected take_stream() {
    try {
      return make_prepared_stream(loop_, std::move(socket_), to_);
    } catch (const std::system_error& e) {
      return std::unexpected(e.code());
    }
  }

  epoll_loop& loop_;
  endpoint to_;
  connect_callback done_;
  timer later_;
  base::unique_fd socket_;
  std::error_code failure_;
  bool again_ = false;
};

}  // namespace

std::unique_ptr<pending> epoll_loop::open_connection(const endpoint& to, connect_callback done) {
  return std::make_unique<tcp_connect>(*this, to, std::move(done));
}

}  // namespace parley::net
