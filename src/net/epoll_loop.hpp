// The loop on the system's sockets and clock: epoll, edge-triggered.
#pragma once

#include "base/unique_fd.hpp"
#include "net/loop.hpp"
#include "net/ready_list.hpp"
#include "net/timer_queue.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <sys/epoll.h>
#include <utility>

namespace parley::net {

/// What a descriptor's news go to. Once forgotten it hears nothing more, not even what the system had told already.
class watcher {
 private:
  friend class epoll_loop;
  /// `events` as of epoll_ctl(2): edges, so what they tell must be remembered until a call says EAGAIN. May destroy the watcher.
  virtual void on_events(std::uint32_t events) = 0;
  std::uint64_t token_ = 0;  // 0: not watched

 protected:
  virtual ~watcher() = default;
};

class epoll_loop final : public loop {
 public:
  epoll_loop();
  ~epoll_loop() override;

  void post(base::unique_function<void()> work) override;
  void resume_soon(std::coroutine_handle<> coroutine) override { ready_.resume_soon(coroutine); }
  void resume_next_turn(std::coroutine_handle<> coroutine) override { next_turn_.push(coroutine); }
  void defer(base::unique_function<void()> work) override { ready_.defer(std::move(work)); }
  void run() override;
  void stop() override;
  void run_until_idle() override;
  void outside_begins() override { ++outside_; }
  void outside_ends() override { --outside_; }
  void wind_up() override;

  /// Begins to watch a descriptor, once for as long as it is open: `events` are those of epoll, EPOLLET among them.
  [[nodiscard]] std::error_code watch(int descriptor, watcher& who, std::uint32_t events);
  /// Watches it for other events from now on; what of them is there already is told.
  void watch_for(int descriptor, const watcher& who, std::uint32_t events);
  /// Ends it; the descriptor stays open.
  void unwatch(int descriptor, watcher& who);
  /// Ends it for a descriptor that is closed next, which takes it out of epoll by itself (and where another process has a copy of
  /// it, its news find nobody here).
  void forget(watcher& who);
  /// Names what `who` is watched as, for `watches` to tell whether it still is once a callback may have destroyed it.
  [[nodiscard]] static std::uint64_t token(const watcher& who) { return who.token_; }
  [[nodiscard]] bool watches(std::uint64_t token) const {
    const std::size_t at = static_cast<std::uint32_t>(token) - std::size_t{1};  // of none: beyond them all
    return at < places_.size() && places_[at].who != nullptr && places_[at].who->token_ == token;
  }
  /// Calls `who` with `events` soon, after the present callback: for what an edge told before, or that no edge will tell.
  void look_soon(const watcher& who, std::uint32_t events) { looks_.push({who.token_, events}); }

  /// Something waits for news, so `run_until_idle` does.
  void wait_begins() { ++waits_; }
  void wait_ends() { --waits_; }

 private:
  struct news {
    std::uint64_t token = 0;
    std::uint32_t events = 0;
  };
  struct place {
    watcher* who = nullptr;
    std::uint32_t generation = 0;
  };

  time_point read_clock() const override { return std::chrono::steady_clock::now(); }
  void arm(timer& t, time_point when) override { timers_.arm(t, when); }
  void cancel(timer& t) override { timers_.cancel(t); }
  void forget(timer& t) override { timers_.forget(t); }
  std::expected<std::unique_ptr<listener>, std::error_code> open_listener(const endpoint& at,
                                                                          const listen_options& options) override;
  std::unique_ptr<pending> open_connection(const endpoint& to, connect_callback done) override;
  std::expected<std::unique_ptr<datagram_socket>, std::error_code> open_datagram_socket(const ip_endpoint& at,
                                                                                        const datagram_options& options) override;
  std::optional<std::vector<std::string>> known_addresses(std::string_view) override { return std::nullopt; }

  template <class F>
  void turn(F&& callback);
  void tell(const news& of);
  void go_round();
  void ask_system();
  [[nodiscard]] int patience();
  bool take_posted();
  void fire_timers();
  [[nodiscard]] bool idle();
  void wake() const;

  base::unique_fd epoll_;
  base::unique_fd waker_;
  std::vector<place> places_;
  std::vector<std::uint32_t> free_places_;
  // What the system told last. Members, since an exception that leaves a callback must not lose the rest: edges come once.
  std::array<epoll_event, 256> events_;
  std::size_t next_event_ = 0;
  std::size_t event_count_ = 0;
  ring<news> looks_;
  ring<std::coroutine_handle<>> next_turn_;
  timer_queue timers_;
  std::size_t waits_ = 0;
  std::size_t outside_ = 0;

  std::mutex mutex_;  // what other threads reach
  std::vector<base::unique_function<void()>> posted_;
  std::atomic<bool> any_posted_{false};
  std::atomic<bool> stop_asked_{false};

  // Last, so destroyed first: what waits to be called may hold sockets and timers.
  ring<base::unique_function<void()>> posted_now_;
  ready_list ready_;
};

/// The loop behind a real stream, listener or connector; throws `std::logic_error` for a virtual one.
[[nodiscard]] epoll_loop& real(loop& on);

}  // namespace parley::net
