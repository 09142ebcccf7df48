#include "net/drain_listener.hpp"
#include "net/epoll_loop.hpp"
#include "net/intrusive.hpp"
#include "net/listen_socket.hpp"
#include "net/socket_address.hpp"
#include "net/tcp.hpp"

#include <cerrno>

namespace parley::net {
namespace {

using namespace std::chrono_literals;

// Of one turn; the rest gets the next, so that a flood of connections does not keep those there are waiting.
constexpr int most_accepts = 64;
// Of what waits when it closes; more than any queue of the kernel's holds by default.
constexpr int most_waiting = 65'536;

// Of one connection that did not come about (accept(2)): the next may be asked for at once.
bool of_one_connection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH: return true;
    default: return false;
  }
}

class listener_core final : public counted<listener_core>, private watcher {
 public:
  listener_core(epoll_loop& on, listen_socket from) : loop_(on), from_(std::move(from)), retry_(on, [this] { resume(); }) {}
  ~listener_core() override { close(); }

  [[nodiscard]] const endpoint& local() const { return from_.local; }

  std::error_code watch() { return loop_.watch(from_.socket.get(), *this, EPOLLIN | EPOLLET); }

  void start(accept_handler* to) {
    handler_ = to;
    resume();
  }

  void pause() {
    retry_.cancel();
    stop_waiting();
    paused_ = true;
  }

  void resume() {
    if (closed_ || handler_ == nullptr) return;
    if (!std::exchange(waiting_, true)) loop_.wait_begins();
    paused_ = false;
    loop_.look_soon(*this, EPOLLIN);  // an edge may have come meanwhile
  }

  void turn_away() {
    if (!closed_ && from_.own) drain_.begin(from_.socket.get(), from_.local, loop_.now());
  }
  bool settled() { return closed_ || drain_.settled(loop_.now()); }

  void accept_rest() {
    retry_.cancel();
    paused_ = false;
    if (handler_ != nullptr && !closed_) accept_some(most_waiting);
    close();
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    handler_ = nullptr;
    retry_.cancel();
    stop_waiting();
    remove_listen_path(from_);
    loop_.unwatch(from_.socket.get(), *this);
    from_.socket.reset();
  }

 private:
  void on_events(std::uint32_t) override {
    if (paused_ || handler_ == nullptr) return;
    const intrusive<listener_core> self(this);  // the handler may close this, and its owner let it go
    if (accept_some(most_accepts) && !closed_) loop_.look_soon(*this, EPOLLIN);
  }

  void stop_waiting() {
    if (std::exchange(waiting_, false)) loop_.wait_ends();
  }

  /// Whether more may wait. The handler may close or pause this at any call.
  bool accept_some(int most) {
    while (!closed_ && !paused_) {
      if (most-- == 0) return true;
      socket_address from;
      base::unique_fd socket(accept4(from_.socket.get(), from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket) {
        give(std::move(socket), from);
        continue;
      }
      const int error = errno;
      if (error == EAGAIN || error == EBADF || error == EINVAL || error == ENOTSOCK) return false;
      if (!of_one_connection(error)) fail({error, std::system_category()});  // descriptors ran out, say, or it is forbidden
    }
    return false;
  }

  void give(base::unique_fd socket, const socket_address& from) {
    std::unique_ptr<byte_stream> stream;
    try {
      stream = make_prepared_stream(loop_, std::move(socket), to_endpoint(from));
    } catch (const std::system_error& e) {  // the system watches no more sockets for us
      return fail(e.code());
    }
    handler_->on_accept(std::move(stream));
  }

  // Asking again at once would fail again and keep the loop busy.
  void fail(std::error_code error) {
    retry_.arm(loop_.now() + 100ms);
    paused_ = true;
    handler_->on_accept_error(error);
  }

  epoll_loop& loop_;
  listen_socket from_;
  timer retry_;
  listener_drain drain_;
  accept_handler* handler_ = nullptr;
  bool waiting_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

class tcp_listener final : public listener {
 public:
  explicit tcp_listener(intrusive<listener_core> core) : core_(std::move(core)) {}
  ~tcp_listener() override { core_->close(); }

  [[nodiscard]] const endpoint& local() const override { return core_->local(); }
  void start(accept_handler* to) override { core_->start(to); }
  void pause() override { core_->pause(); }
  void resume() override { core_->resume(); }
  void turn_away() override { core_->turn_away(); }
  bool settled() override { return core_->settled(); }
  // The handler may destroy this listener while what waits is accepted.
  void close() override {
    const intrusive<listener_core> core = core_;
    core->accept_rest();
  }

 private:
  intrusive<listener_core> core_;
};

}  // namespace

std::expected<std::unique_ptr<listener>, std::error_code> epoll_loop::open_listener(const endpoint& at,
                                                                                    const listen_options& options) {
  auto socket = open_listen_socket(at, options);
  if (!socket) return std::unexpected(socket.error());
  intrusive<listener_core> core(new listener_core(*this, std::move(*socket)));
  if (const std::error_code error = core->watch()) return std::unexpected(error);
  return std::make_unique<tcp_listener>(std::move(core));
}

}  // namespace parley::net
