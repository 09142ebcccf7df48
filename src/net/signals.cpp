#include "net/signals.hpp"

#include "net/asio_loop.hpp"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

namespace parley::net {

/// What Asio's wait holds on to.
class signals::core : public counted<core> {
 public:
  core(asio_loop& on, std::initializer_list<int> numbers, base::unique_function<void(int)> callback)
      : loop_(on), set_(on.context()), callback_(std::move(callback)) {
    for (const int number : numbers) set_.add(number);
  }

  void wait() {
    set_.async_wait([self = intrusive<core>(this)](std::error_code error, int number) {
      if (error || self->ended_) return;
      self->loop_.turn([&] { self->callback_(number); });
      if (!self->ended_) self->wait();
    });
  }

  void end() {
    ended_ = true;
    std::error_code ignored;
    set_.clear(ignored);
    set_.cancel(ignored);
  }

 private:
  asio_loop& loop_;
  asio::signal_set set_;
  base::unique_function<void(int)> callback_;
  bool ended_ = false;
};

signals::signals(loop& on, std::initializer_list<int> numbers, base::unique_function<void(int)> callback)
    : core_(new core(real(on), numbers, std::move(callback))) {
  core_->wait();
}

signals::~signals() { core_->end(); }

}  // namespace parley::net
