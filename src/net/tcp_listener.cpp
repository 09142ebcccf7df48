#include "net/asio_loop.hpp"
#include "net/intrusive.hpp"
#include "net/listen_socket.hpp"
#include "net/socket_address.hpp"
#include "net/tcp.hpp"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include <cerrno>
#include <netinet/in.h>

namespace parley::net {
namespace {

using namespace std::chrono_literals;

// Only what ends by itself after a while: others are of one connection that did not come about (accept(2)).
bool out_of_resources(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

class listener_core : public counted<listener_core> {
 public:
  listener_core(asio_loop& on, listen_socket from)
      : loop_(on), from_(std::move(from)), acceptor_(on.context()), retry_(on, [this] { resume(); }) {
    const asio::generic::stream_protocol protocol(AF_INET, IPPROTO_TCP);
    acceptor_.assign(protocol, from_.socket.get());
    static_cast<void>(from_.socket.release());
    acceptor_.native_non_blocking(true);
  }
  // Asio's wait holds a reference, so this comes after `close` or with the loop.
  ~listener_core() { close(); }

  [[nodiscard]] const endpoint& local() const { return from_.local; }

  void start(accept_handler* to) {
    handler_ = to;
    resume();
  }

  void pause() {
    paused_ = true;
    retry_.cancel();
  }

  void resume() {
    paused_ = false;
    if (!waiting_ && !closed_ && handler_ != nullptr) wait();
  }

  void accept_rest() {
    retry_.cancel();
    paused_ = false;
    if (handler_ != nullptr && !closed_) accept_all();
    close();
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    handler_ = nullptr;
    retry_.cancel();
    remove_listen_path(from_);
    std::error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  void wait() {
    waiting_ = true;
    acceptor_.async_wait(asio::socket_base::wait_read, [self = intrusive<listener_core>(this)](std::error_code error) {
      self->loop_.turn([&] { self->on_wait(error); });
    });
  }

  void on_wait(std::error_code error) {
    waiting_ = false;
    if (error || closed_ || paused_) return;
    accept_all();
    if (!closed_ && !paused_) wait();
  }

  /// Until the queue is empty. The handler may close or pause this at any call.
  void accept_all() {
    while (!closed_ && !paused_) {
      socket_address from;
      base::unique_fd socket(accept4(acceptor_.native_handle(), from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket) {
        give(std::move(socket), from);
        continue;
      }
      const int error = errno;
      if (error == EAGAIN || error == EBADF || error == EINVAL || error == ENOTSOCK) return;
      if (out_of_resources(error)) return fail({error, std::system_category()});
    }
  }

  void give(base::unique_fd socket, const socket_address& from) {
    std::unique_ptr<byte_stream> stream;
    try {
      stream = make_prepared_stream(loop_, std::move(socket), to_endpoint(from));
    } catch (const std::system_error& e) {  // the system watches no more sockets for us
      return fail(from_asio(e.code()));
    }
    handler_->on_accept(std::move(stream));
  }

  // Asking again at once would fail again and keep the loop busy.
  void fail(std::error_code error) {
    retry_.arm(loop_.now() + 100ms);
    paused_ = true;
    handler_->on_accept_error(error);
  }

  asio_loop& loop_;
  listen_socket from_;
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  timer retry_;
  accept_handler* handler_ = nullptr;
  bool waiting_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

class tcp_listener final : public listener {
 public:
  tcp_listener(asio_loop& on, listen_socket from) : core_(new listener_core(on, std::move(from))) {}
  ~tcp_listener() override { core_->close(); }

  [[nodiscard]] const endpoint& local() const override { return core_->local(); }
  void start(accept_handler* to) override { core_->start(to); }
  void pause() override { core_->pause(); }
  void resume() override { core_->resume(); }
  // The handler may destroy this listener while what waits is accepted.
  void close() override {
    const intrusive<listener_core> core = core_;
    core->accept_rest();
  }

 private:
  intrusive<listener_core> core_;
};

}  // namespace

std::expected<std::unique_ptr<listener>, std::error_code> asio_loop::open_listener(const endpoint& at,
                                                                                   const listen_options& options) {
  auto socket = open_listen_socket(at, options);
  if (!socket) return std::unexpected(socket.error());
  try {
    return std::make_unique<tcp_listener>(*this, std::move(*socket));
  } catch (const std::system_error& e) {
    return std::unexpected(from_asio(e.code()));
  }
}

}  // namespace parley::net
