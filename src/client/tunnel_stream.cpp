#include "client/tunnel_stream.hpp"

#include "connection/http_connection.hpp"
#include "net/intrusive.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace parley::fetching {

namespace {

// Handed to the engine at once; it says when there is room for more.
constexpr std::size_t tunnel_piece = std::size_t{64} * 1024;
constexpr std::chrono::seconds tunnel_linger{2};

/// As net/stream.hpp has it, over the content of an exchange in both directions.
class tunnel_end final : public net::counted<tunnel_end> {
 public:
  tunnel_end(net::loop& on, std::shared_ptr<call> through)
      : loop_(on), call_(std::move(through)), reading_(*this), writing_(*this), linger_(on, [this] { leave(); }) {}

  void handler(net::stream_handler* to) { handler_ = to; }
  void read() {
    if (closed_) return;
    wanted_ = true;
    look_soon();
  }
  void cancel_read() {
    wanted_ = false;
    if (call_) call_->incoming().wait(nullptr);
  }

  net::write_result write(std::span<const base::segment> segments) {
    net::write_result result;
    if ((result.error = write_error())) return result;
    for (const base::segment& each : segments) {
      if (each.descriptor >= 0) {  // a client sends no files
        result.error = make_error_code(std::errc::operation_not_supported);
        return result;
      }
      for (std::string_view rest = each.bytes; !rest.empty();) {
        if (!call_->outgoing().ready()) {
          result.blocked = true;
          return result;
        }
        const std::string_view piece = rest.substr(0, tunnel_piece);
        try {
          call_->outgoing().write(piece);
        } catch (const std::exception&) {
          result.error = make_error_code(std::errc::connection_reset);
          return result;
        }
        rest.remove_prefix(piece.size());
        result.written += piece.size();
      }
    }
    return result;
  }

  void wait_writable() {
    if (closed_) return;
    waiting_ = true;
    if (call_->outgoing().ready()) return look_soon();
    call_->outgoing().wait(&writing_);
  }

  void shutdown_write() {
    if (closed_ || std::exchange(shut_, true) || call_->lost()) return;
    static_cast<void>(call_->connection().end(*call_));
  }

  // The farewell of TLS may still be on its way to the proxy: a reset would overtake it.
  void close() {
    if (closed_) return;
    shutdown_write();
    end_talk();
    if (call_->lost() || whole()) return leave();
    self_ = net::intrusive<tunnel_end>(this);
    linger_.arm(loop_.now() + tunnel_linger);
    look_soon();
  }

  void abort() {
    if (closed_) return;
    end_talk();
    leave();
  }

 private:
  // What the exchange wakes: never from within a call of the stream's owner, so all is told later.
  class side final : public parley::detail::waiter {
   public:
    explicit side(tunnel_end& of) : of_(of) {}
    void wake() noexcept override { of_.look_soon(); }

   private:
    tunnel_end& of_;
  };

  void end_talk() {
    closed_ = true;
    wanted_ = waiting_ = false;
    handler_ = nullptr;
    rest_ = {};
  }

  // The exchange is given up, and its connection is the pool's again.
  void leave() {
    const net::intrusive<tunnel_end> keep = std::move(self_);
    linger_.cancel();
    const std::shared_ptr<call> gone = std::move(call_);
    if (!gone) return;
    gone->incoming().wait(nullptr);
    gone->outgoing().wait(nullptr);
    gone->close();
  }

  void look_soon() {
    if (looking_) return;
    looking_ = true;
    loop_.defer([self = net::intrusive<tunnel_end>(this)] {
      self->looking_ = false;
      self->look();
    });
  }

  void look() {
    if (closed_) return drain();
    give();
    give_room();
  }

  [[nodiscard]] bool whole() {
    if (!call_->incoming().ready()) return false;
    try {
      return call_->incoming().next().empty();
    } catch (const connection_lost&) {
      return true;
    }
  }

  // Nobody reads any more, but the other end may still talk before it is done.
  void drain() {
    if (!call_) return;
    while (call_->incoming().ready()) {
      if (whole()) return leave();
    }
    call_->incoming().wait(&reading_);
  }

  void give() {
    if (!wanted_ || handler_ == nullptr) return;
    if (rest_.empty() && !ended_) {
      if (!call_->incoming().ready()) return call_->incoming().wait(&reading_);
      try {
        rest_ = call_->incoming().next();
      } catch (const connection_lost&) {
        return give_read(0, make_error_code(std::errc::connection_reset));
      }
      ended_ = rest_.empty();
    }
    if (rest_.empty()) return give_read(0, {});
    const std::span<char> room = handler_->read_room();
    const std::size_t n = std::min(room.size(), rest_.size());
    std::memcpy(room.data(), rest_.data(), n);
    rest_.remove_prefix(n);
    give_read(n, {});
  }

  void give_read(std::size_t n, std::error_code error) {
    wanted_ = false;
    handler_->on_read(n, error);
  }

  void give_room() {
    if (closed_ || !waiting_ || handler_ == nullptr) return;
    if (!call_->outgoing().ready()) return call_->outgoing().wait(&writing_);
    waiting_ = false;
    handler_->on_writable(write_error());
  }

  [[nodiscard]] std::error_code write_error() const {
    if (closed_) return make_error_code(std::errc::not_connected);
    if (call_->lost()) return make_error_code(std::errc::connection_reset);
    if (shut_) return make_error_code(std::errc::broken_pipe);
    return {};
  }

  net::loop& loop_;
  std::shared_ptr<call> call_;
  side reading_, writing_;
  net::timer linger_;
  net::stream_handler* handler_ = nullptr;
  std::string_view rest_;              // of the piece that the exchange has handed out
  net::intrusive<tunnel_end> self_{};  // while it lingers
  bool wanted_ = false;
  bool waiting_ = false;
  bool looking_ = false;
  bool ended_ = false;
  bool shut_ = false;
  bool closed_ = false;
};

class tunnel_stream final : public net::byte_stream {
 public:
  tunnel_stream(net::loop& on, std::shared_ptr<call> through, net::endpoint far)
      : near_(through->connection().local()), far_(std::move(far)), end_(new tunnel_end(on, std::move(through))) {}
  ~tunnel_stream() override { end_->close(); }

  void handler(net::stream_handler* to) override { end_->handler(to); }
  void read() override { end_->read(); }
  void cancel_read() override { end_->cancel_read(); }
  using net::byte_stream::write;
  net::write_result write(std::span<const base::segment> segments, bool) override { return end_->write(segments); }
  void wait_writable() override { end_->wait_writable(); }
  void shutdown_write() override { end_->shutdown_write(); }
  void close() override { end_->close(); }
  void abort() override { end_->abort(); }
  [[nodiscard]] const net::endpoint& peer() const override { return far_; }
  [[nodiscard]] const net::endpoint& local() const override { return near_; }

 private:
  net::endpoint near_;
  net::endpoint far_;
  net::intrusive<tunnel_end> end_;
};

}  // namespace

std::unique_ptr<net::byte_stream> make_tunnel_stream(net::loop& on, std::shared_ptr<call> through, net::endpoint far) {
  return std::make_unique<tunnel_stream>(on, std::move(through), std::move(far));
}

}  // namespace parley::fetching
