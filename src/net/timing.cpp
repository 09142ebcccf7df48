#include <parley/detail/timing.hpp>

#include "net/loop.hpp"

#include <new>

namespace parley {
namespace {

net::timer& timer_in(std::byte* storage) { return *std::launder(reinterpret_cast<net::timer*>(storage)); }

net::loop& loop_for_time() {
  net::loop* here = net::loop::current();
  if (here == nullptr) throw std::logic_error("parley: time passes on a loop only, and this thread runs none");
  return *here;
}

/// A duration may be "for ever" (`duration::max()`), which must not wrap around.
steady_time time_after(steady_time from, steady_duration duration) {
  return duration > steady_time::max() - from ? steady_time::max() : from + duration;
}

}  // namespace

const char* timed_out::what() const noexcept { return "parley: timed out"; }

namespace detail {

// Not in the anonymous namespace: a coroutine that others link to holds one.
class sleeping final : public operation {
 public:
  explicit sleeping(steady_time until) : until_(until), timer_(loop_for_time(), [this] { complete(); }) {}
  void await_resume() { finish(); }

 private:
  void start() override { timer_.arm(until_); }
  void cancel() noexcept override { timer_.cancel(); }

  steady_time until_;
  net::timer timer_;
};

static_assert(sizeof(net::timer) <= 160 && alignof(net::timer) <= alignof(std::max_align_t));

alarm::alarm(cancel_state& target, steady_duration after) {
  net::loop& here = loop_for_time();
  auto* timer = ::new (static_cast<void*>(timer_)) net::timer(here, [this, &target] {
    rang_ = true;
    target.cancel();
  });
  timer->arm(time_after(here.now(), after));
}

alarm::~alarm() { timer_in(timer_).~timer(); }

void turn_awaiter::resume_next_turn(std::coroutine_handle<> coroutine) noexcept { loop_for_time().resume_next_turn(coroutine); }

}  // namespace detail

task<> sleep_until(steady_time when) {
  detail::sleeping nap(when);
  co_await nap;
}

task<> sleep_for(steady_duration duration) {
  detail::sleeping nap(time_after(loop_for_time().now(), duration));
  co_await nap;
}

}  // namespace parley
