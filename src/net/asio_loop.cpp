#include "net/asio_loop.hpp"

#include "net/sigpipe.hpp"
#include "net/task_scope.hpp"

#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <stdexcept>

namespace parley::net {

struct asio_loop::alarm {
  explicit alarm(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  time_point at = time_point::max();  // when it rings; max: not set
  std::uint64_t setting = 0;          // tells a ring that was already on its way from the latest one
};

struct asio_loop::keeper {
  explicit keeper(asio::io_context& context) : guard(asio::make_work_guard(context)) {}
  asio::executor_work_guard<asio::io_context::executor_type> guard;
};

std::unique_ptr<loop> loop::make() { return std::make_unique<asio_loop>(); }

asio_loop& real(loop& on) {
  auto* found = dynamic_cast<asio_loop*>(&on);
  if (found == nullptr) throw std::logic_error("parley: a virtual loop has no sockets of the system");
  return *found;
}

std::error_code from_asio(std::error_code error) {
  if (error.category() != asio::error::get_system_category()) return error;
  return {error.value(), std::system_category()};
}

// UNSAFE_IO: sockets and timers are used by one thread only, so their locks are left out; posting and stopping stay safe from
// any thread.
asio_loop::asio_loop()
    : context_(std::make_unique<asio::io_context>(ASIO_CONCURRENCY_HINT_UNSAFE_IO)), alarm_(std::make_unique<alarm>(*context_)) {}

asio_loop::~asio_loop() {
  remote_.retire();
  stop_asked_ = false;
  wind_up();
  // What waits to be called may hold sockets and timers: it goes while both have their place.
  ready_ = ready_list();
  outside_work_.reset();
  alarm_.reset();
  context_.reset();
}

time_point asio_loop::now() const {
  if (!now_known_) now_ = std::chrono::steady_clock::now();
  now_known_ = true;
  return now_;
}

void asio_loop::post(base::unique_function<void()> work) {
  asio::post(*context_, [this, work = std::move(work)]() mutable { turn(work); });
}

void asio_loop::resume_next_turn(std::coroutine_handle<> coroutine) {
  next_turn_.push_back(coroutine);
  // Asio polls the system between any two posted functions.
  if (next_turn_.size() == 1) asio::post(*context_, [this] { turn([this] { resume_waiting_for_turn(); }); });
}

void asio_loop::resume_waiting_for_turn() {
  for (const std::coroutine_handle<> coroutine : next_turn_) ready_.resume_soon(coroutine);
  next_turn_.clear();
}

// One `context::run` for as long as the loop runs, and every drain within a callback: Asio recycles the memory of its operations
// only there, so this is what makes the steady state free of allocations.
void asio_loop::run() {
  const entered here(*this);
  const sigpipe_blocked quiet;
  context_->restart();
  if (stop_asked_.exchange(false)) return;
  const keeper keep_running(*context_);
  turn([] {});
  context_->run();
  stop_asked_ = false;
}

void asio_loop::stop() {
  stop_asked_ = true;
  context_->stop();
}

void asio_loop::run_until_idle() {
  const entered here(*this);
  const sigpipe_blocked quiet;
  context_->restart();
  turn([] {});
  while (!stop_asked_) {
    // The alarm may be set for timers that were cancelled since; it alone is nothing to wait for.
    if (timers_.armed() == 0 && alarm_->at != time_point::max()) {
      alarm_->at = time_point::max();
      ++alarm_->setting;
      alarm_->timer.cancel();
    }
    if (context_->run_one() == 0) break;
  }
  stop_asked_ = false;
}

void asio_loop::wind_up() {
  if (scope().running == 0) return;
  const entered here(*this);
  const sigpipe_blocked quiet;
  context_->restart();
  turn([this] { scope().state.cancel(); });
  while (scope().running > 0 && context_->run_one() > 0) {
  }
}

void asio_loop::outside_begins() {
  if (outside_++ == 0) outside_work_ = std::make_unique<keeper>(*context_);
}

void asio_loop::outside_ends() {
  if (--outside_ == 0) outside_work_.reset();
}

void asio_loop::arm(timer& t, time_point when) {
  timers_.arm(t, when);
  const time_point look = *timers_.next_look();
  if (look < alarm_->at) set_alarm(look);
}

// Each setting of the alarm costs a system call. It is only ever put forward, and put back when it rings: so at most one a ring.
void asio_loop::set_alarm(time_point when) {
  alarm_->at = when;
  alarm_->timer.expires_at(when);
  alarm_->timer.async_wait([this, setting = ++alarm_->setting](std::error_code error) {
    if (error || setting != alarm_->setting) return;
    alarm_->at = time_point::max();
    turn([this] { on_alarm(); });
  });
}

void asio_loop::on_alarm() {
  const time_point due = now();
  // A callback may arm its timer for now: no more of them than stand in the queue at first, so that sockets get their turn.
  for (std::size_t rest = timers_.size(); rest > 0; --rest) {
    timer* next = timers_.take_due(due);
    if (next == nullptr) break;
    timer_queue::fire(*next);
    ready_.drain();
  }
  const std::optional<time_point> look = timers_.next_look();
  if (look && *look < alarm_->at) set_alarm(*look);
}

}  // namespace parley::net
