// The loop on the system's sockets and clock. Asio itself is seen in .cpp files only.
#pragma once

#include "net/loop.hpp"
#include "net/ready_list.hpp"
#include "net/timer_queue.hpp"

#include <atomic>
#include <utility>

namespace asio {
class io_context;
}

namespace parley::net {

class asio_loop final : public loop {
 public:
  asio_loop();
  ~asio_loop() override;

  [[nodiscard]] time_point now() const override;
  void post(base::unique_function<void()> work) override;
  void resume_soon(std::coroutine_handle<> coroutine) override { ready_.resume_soon(coroutine); }
  void resume_next_turn(std::coroutine_handle<> coroutine) override;
  void defer(base::unique_function<void()> work) override { ready_.defer(std::move(work)); }
  void run() override;
  void stop() override;
  void run_until_idle() override;
  void outside_begins() override;
  void outside_ends() override;
  void wind_up() override;

  [[nodiscard]] asio::io_context& context() { return *context_; }

  /// The frame around every callback from Asio: a new turn, what the callback does, and then all that this made ready.
  template <class F>
  void turn(F&& callback) {
    now_known_ = false;
    std::forward<F>(callback)();
    ready_.drain();
  }

 private:
  struct alarm;   // the one Asio timer behind all of ours
  struct keeper;  // keeps the context running
  void arm(timer& t, time_point when) override;
  void cancel(timer& t) override { timers_.cancel(t); }
  void forget(timer& t) override { timers_.forget(t); }
  std::expected<std::unique_ptr<listener>, std::error_code> open_listener(const endpoint& at,
                                                                          const listen_options& options) override;
  std::unique_ptr<pending> open_connection(const endpoint& to, connect_callback done) override;
  std::optional<std::vector<std::string>> known_addresses(std::string_view) override { return std::nullopt; }

  void set_alarm(time_point when);
  void on_alarm();
  void resume_waiting_for_turn();

  std::unique_ptr<asio::io_context> context_;
  std::unique_ptr<alarm> alarm_;
  std::unique_ptr<keeper> outside_work_;
  std::size_t outside_ = 0;
  ready_list ready_;
  std::vector<std::coroutine_handle<>> next_turn_;
  timer_queue timers_;
  std::atomic<bool> stop_asked_{false};
  mutable bool now_known_ = false;
  mutable time_point now_{};
};

/// The loop behind a real stream, listener or connector; throws `std::logic_error` for a virtual one.
[[nodiscard]] asio_loop& real(loop& on);

/// Asio has its own category for the system's errors, which equals neither `std::system_category` nor any `std::errc`.
[[nodiscard]] std::error_code from_asio(std::error_code error);

}  // namespace parley::net
