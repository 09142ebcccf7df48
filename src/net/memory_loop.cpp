#include "net/memory_network.hpp"
#include "net/task_scope.hpp"

namespace parley::net {

memory_loop::memory_loop() = default;

memory_loop::~memory_loop() {
  remote_.retire();
  wind_up();
}

void memory_loop::post(base::unique_function<void()> work) {
  {
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(work));
  }
  posted_wakes_.notify_one();
}

void memory_loop::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stop_asked_ = true;
  }
  posted_wakes_.notify_one();
}

void memory_loop::run_until_idle() { run_until(time_point::max()); }

void memory_loop::run_for(std::chrono::nanoseconds duration) {
  const time_point end = now() + duration;
  run_until(end);
  time_is(std::max(now(), end));
}

void memory_loop::run_until(time_point end) {
  const entered here(*this);
  const auto stopped = [this] {
    const std::scoped_lock lock(mutex_);
    return std::exchange(stop_asked_, false);
  };
  while (!stopped()) {
    if (run_one_turn() || wait_for_post()) continue;
    const std::optional<time_point> next = timers_.next();
    if (!next || *next > end) return;
    time_is(std::max(now(), *next));
  }
}

bool memory_loop::run_one_turn() {
  bool busy = !ready_.empty();
  ready_.drain();
  busy = take_posted() || busy;
  if (!next_turn_.empty()) {
    busy = true;
    for (const std::coroutine_handle<> coroutine : std::exchange(next_turn_, {})) ready_.resume_soon(coroutine);
    ready_.drain();
  }
  for (std::size_t rest = timers_.size(); rest > 0; --rest) {
    timer* due = timers_.take_due(now());
    if (due == nullptr) break;
    busy = true;
    timer_queue::fire(*due);
    ready_.drain();
  }
  return busy;
}

/// What had been posted when it begins. One at a time: what one throws must not cost the others.
bool memory_loop::take_posted() {
  std::unique_lock lock(mutex_);
  const std::size_t count = posted_.size();
  for (std::size_t i = 0; i < count; ++i) {
    base::unique_function<void()> work = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    work();
    ready_.drain();
    lock.lock();
  }
  return count > 0;
}

/// While other threads work for us, time stands still; false when none does.
bool memory_loop::wait_for_post() {
  if (outside_ == 0) return false;
  std::unique_lock lock(mutex_);
  posted_wakes_.wait(lock, [this] { return stop_asked_ || !posted_.empty(); });
  return true;
}

void memory_loop::outside_begins() { ++outside_; }
void memory_loop::outside_ends() { --outside_; }

void memory_loop::wind_up() {
  if (scope().running == 0) return;
  scope().state.cancel();
  while (scope().running > 0 && (run_one_turn() || wait_for_post())) {
  }
}

std::optional<std::vector<std::string>> memory_loop::known_addresses(std::string_view name) {
  const auto found = names_.find(name);
  return found == names_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace parley::net
