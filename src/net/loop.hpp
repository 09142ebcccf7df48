// The event loop: one a thread. Real (epoll) or virtual (memory network, virtual time).
#pragma once

#include "base/function.hpp"
#include "net/remote.hpp"

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace parley::net {

using time_point = std::chrono::steady_clock::time_point;

class byte_stream;
class datagram_socket;
class ip_endpoint;
struct datagram_options;
class listener;
class timer;
struct endpoint;
struct listen_options;
struct task_scope;

/// Something that was begun and whose callback has not come. Destroying it gives it up: no callback follows.
class pending {
 public:
  virtual ~pending() = default;
};

using connect_callback = base::unique_function<void(std::expected<std::unique_ptr<byte_stream>, std::error_code>)>;

class loop {
 public:
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  virtual ~loop();

  /// A loop on the system's sockets and clock.
  static std::unique_ptr<loop> make();
  /// The loop whose `run` this thread is in; null outside. (A memory loop is current as long as it lives.)
  [[nodiscard]] static loop* current();

  /// The time of this turn; read from the clock once a turn, which is one callback with all that it made ready.
  [[nodiscard]] time_point now() const {
    if (!now_known_) {
      now_ = read_clock();
      now_known_ = true;
    }
    return now_;
  }
  /// Runs `work` on the loop's thread, soon. From any thread; the loop must be alive (else see `remote`).
  virtual void post(base::unique_function<void()> work) = 0;
  /// Resumes a coroutine on this loop once the present callback has returned. Loop's thread only. Never recursion.
  virtual void resume_soon(std::coroutine_handle<> coroutine) = 0;
  /// As `resume_soon`, but after the system was asked for news once more.
  virtual void resume_next_turn(std::coroutine_handle<> coroutine) = 0;
  /// Runs `work` once the present callback has returned (before waiting for the system), and after the coroutines that are
  /// ready, so that what they wrote can leave together. Loop's thread only.
  virtual void defer(base::unique_function<void()> work) = 0;

  /// Runs until `stop`; a `stop` from before counts. Loop's thread is the one that is in here.
  virtual void run() = 0;
  virtual void stop() = 0;  // any thread
  /// Runs until nothing is left to do or `stop`: no armed timer, no read or accept under way, no outside work.
  virtual void run_until_idle() = 0;

  /// Posts to this loop as long as it lives, from any thread.
  [[nodiscard]] const net::remote& remote() const { return remote_; }
  /// Tells that other threads work for this loop and will post, which `run_until_idle` waits for. Loop's thread only.
  virtual void outside_begins() = 0;
  virtual void outside_ends() = 0;

  /// The spawned tasks.
  [[nodiscard]] task_scope& scope() { return *scope_; }
  /// Cancels the spawned tasks and runs until they have ended. Concrete loops do it before they are destroyed.
  virtual void wind_up() = 0;

 protected:
  loop();
  /// Makes a loop its thread's current one.
  class entered {
   public:
    explicit entered(loop& now);
    ~entered();
    entered(const entered&) = delete;
    entered& operator=(const entered&) = delete;

   private:
    loop* before_;
  };
  /// A new turn begins: who asks next what time it is has the clock read.
  void forget_time() { now_known_ = false; }
  /// It is that time, until this is called again.
  void time_is(time_point now) {
    now_ = now;
    now_known_ = true;
  }
  net::remote remote_;

 private:
  friend class timer;
  friend std::expected<std::unique_ptr<listener>, std::error_code> listen(loop&, const endpoint&, const listen_options&);
  friend std::unique_ptr<pending> connect(loop&, const endpoint&, connect_callback);
  friend std::expected<std::unique_ptr<datagram_socket>, std::error_code> open_datagrams(loop&, const ip_endpoint&,
                                                                                         const datagram_options&);
  friend class resolution;
  virtual time_point read_clock() const = 0;
  virtual void arm(timer& t, time_point when) = 0;
  virtual void cancel(timer& t) = 0;
  virtual void forget(timer& t) = 0;
  virtual std::expected<std::unique_ptr<listener>, std::error_code> open_listener(const endpoint& at,
                                                                                  const listen_options& options) = 0;
  virtual std::unique_ptr<pending> open_connection(const endpoint& to, connect_callback done) = 0;
  virtual std::expected<std::unique_ptr<datagram_socket>, std::error_code> open_datagram_socket(
      const ip_endpoint& at, const datagram_options& options) = 0;
  /// The addresses of a name, when the loop and not the system knows them. Empty: there is no such name.
  virtual std::optional<std::vector<std::string>> known_addresses(std::string_view name) = 0;

  std::unique_ptr<task_scope> scope_;
  mutable bool now_known_ = false;
  mutable time_point now_{};
};

/// A timer that its owner embeds; arming costs no allocation. Loop's thread only. The loop outlives it. Its callback may
/// destroy it, and then must not use its captures any more.
class timer {
 public:
  /// What it calls: a pointer or two are held within, so that a connection's timer is small.
  using function = base::unique_function<void(), 16>;
  timer(loop& on, function callback);
  ~timer();
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  /// (Re)arms it. Cheap when `when` is later than it was: the queue is corrected when the old time comes.
  void arm(time_point when) {
    if (armed_ && when >= when_) {
      when_ = when;
    } else {
      loop_.arm(*this, when);
    }
  }
  /// Cheap too: its place in the queue is given up when the time comes.
  void cancel();
  [[nodiscard]] bool armed() const { return armed_; }

 private:
  friend class timer_queue;
  loop& loop_;
  function callback_;
  static constexpr std::uint32_t nowhere = UINT32_MAX;
  time_point when_{};                 // when it should fire
  std::uint32_t position_ = nowhere;  // in the queue, where it may stand for an earlier time
  bool armed_ = false;
};

}  // namespace parley::net
