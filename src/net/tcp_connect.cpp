#include "net/asio_loop.hpp"
#include "net/intrusive.hpp"
#include "net/socket_address.hpp"
#include "net/tcp.hpp"

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include <netinet/in.h>

namespace parley::net {
namespace {

using connected = std::expected<std::unique_ptr<byte_stream>, std::error_code>;

/// What Asio's operation holds on to; once `given_up`, it finds nobody to tell.
class connect_core : public counted<connect_core> {
 public:
  connect_core(asio_loop& on, endpoint to, connect_callback done)
      : loop_(on), socket_(on.context()), to_(std::move(to)), done_(std::move(done)) {}

  void start() {
    const auto address = to_socket_address(to_);
    if (!address) return fail_soon(address.error());
    const int protocol = to_.unix_socket ? 0 : IPPROTO_TCP;
    std::error_code error;
    socket_.open(asio::generic::stream_protocol(address->family(), protocol), error);
    if (error) return fail_soon(error);
    if (!to_.unix_socket) send_without_delay(socket_.native_handle());
    const asio::generic::stream_protocol::endpoint target(address->get(), address->length, protocol);
    socket_.async_connect(target, [self = intrusive<connect_core>(this)](std::error_code failed) {
      self->loop_.turn([&] { self->finish(failed); });
    });
  }

  void give_up() {
    done_ = nullptr;
    std::error_code ignored;
    socket_.close(ignored);
  }

 private:
  void fail_soon(std::error_code error) {
    loop_.defer([self = intrusive<connect_core>(this), error] { self->finish(error); });
  }

  void finish(std::error_code error) {
    if (!done_) return;
    connect_callback done = std::move(done_);
    done_ = nullptr;
    if (error) return done(std::unexpected(from_asio(error)));
    done(take_stream());
  }

  connected take_stream() {
    std::error_code error;
    base::unique_fd socket(socket_.release(error));
    if (error) return std::unexpected(from_asio(error));
    try {
      return make_prepared_stream(loop_, std::move(socket), to_);
    } catch (const std::system_error& e) {
      return std::unexpected(from_asio(e.code()));
    }
  }

  asio_loop& loop_;
  asio::generic::stream_protocol::socket socket_;
  endpoint to_;
  connect_callback done_;
};

class tcp_connect final : public pending {
 public:
  tcp_connect(asio_loop& on, const endpoint& to, connect_callback done) : core_(new connect_core(on, to, std::move(done))) {
    core_->start();
  }
  ~tcp_connect() override { core_->give_up(); }

 private:
  intrusive<connect_core> core_;
};

}  // namespace

std::unique_ptr<pending> asio_loop::open_connection(const endpoint& to, connect_callback done) {
  return std::make_unique<tcp_connect>(*this, to, std::move(done));
}

}  // namespace parley::net
