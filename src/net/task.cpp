// What coroutines need of the loop: resumption, leaf awaits, spawned tasks, run.
#include <parley/task.hpp>

#include "net/loop.hpp"
#include "net/task_scope.hpp"

#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace parley {
namespace {

net::loop& loop_here() {
  net::loop* here = net::loop::current();
  if (here == nullptr) throw std::logic_error("parley: this thread runs no loop; use parley::run, or do this in a handler");
  return *here;
}

struct unhandled_setting {
  std::mutex mutex;
  std::shared_ptr<const std::function<void(std::exception_ptr)>> handler;
};

unhandled_setting& unhandled() {
  static unhandled_setting* const one = new unhandled_setting;  // a loop may outlast the statics
  return *one;
}

void print_unhandled(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "parley: a spawned task failed: %s\n", e.what());
  } catch (...) {
    std::fputs("parley: a spawned task failed with something that is no std::exception\n", stderr);
  }
}

void report_unhandled(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const cancelled&) {
    return;
  } catch (...) {
  }
  std::shared_ptr<const std::function<void(std::exception_ptr)>> handler;
  {
    const std::scoped_lock lock(unhandled().mutex);
    handler = unhandled().handler;
  }
  if (handler != nullptr) return (*handler)(error);
  print_unhandled(error);
}

}  // namespace

namespace detail {

void resume_soon(std::coroutine_handle<> coroutine) noexcept {
  net::loop* here = net::loop::current();
  if (here == nullptr) {
    std::fputs("parley: a coroutine was to be resumed on a thread that runs no loop\n", stderr);
    std::abort();
  }
  here->resume_soon(coroutine);
}

bool operation::begin(std::coroutine_handle<> waiter, cancel_state* chain) {
  cancelled_ = chain != nullptr && chain->cancelled();
  if (cancelled_ || ready()) return false;
  waiter_ = waiter;
  if (chain != nullptr) chain->add(*this);  // before `start`, which may bring the cancellation about
  starting_ = true;
  try {
    start();
  } catch (...) {
    fail(std::current_exception());
  }
  starting_ = false;
  return static_cast<bool>(waiter_);
}

void operation::complete() noexcept {
  unlink();
  const std::coroutine_handle<> waiter = std::exchange(waiter_, {});
  if (waiter && !starting_) resume_soon(waiter);
}

void operation::fail(std::exception_ptr error) noexcept {
  if (!waiter_) return;
  error_ = std::move(error);
  complete();
}

void operation::finish() {
  if (cancelled_) throw cancelled();
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void operation::on_cancel() noexcept {
  cancelled_ = true;
  cancel();
  complete();
}

void group::leave() noexcept {
  if (--running_ == 0 && waiter_) resume_soon(waiter_);
}

struct runner::state {
  std::unique_ptr<net::loop> on = net::loop::make();
};

runner::runner() {
  if (on_loop_thread()) {
    throw std::logic_error("parley::run: this thread runs a loop already; co_await the task instead");
  }
  state_ = std::make_unique<state>();
}

runner::~runner() = default;

void runner::run(std::coroutine_handle<> first) {
  state_->on->resume_soon(first);
  state_->on->run();
  state_->on->wind_up();
}

void runner::stop() noexcept { state_->on->stop(); }

}  // namespace detail

namespace detail {

// Not in the anonymous namespace: a coroutine that others link to holds one.
struct spawned_end {
  net::task_scope& scope;
  void operator()(const outcome<void>& ended) const {
    --scope.running;
    if (!ended) report_unhandled(ended.error());
  }
};

}  // namespace detail

void spawn(task<> work) {
  net::task_scope& scope = loop_here().scope();
  detail::start(std::move(work), &scope.state, detail::spawned_end{scope});
  ++scope.running;
}

void set_unhandled(std::function<void(std::exception_ptr)> handler) {
  std::shared_ptr<const std::function<void(std::exception_ptr)>> kept;
  if (handler) kept = std::make_shared<const std::function<void(std::exception_ptr)>>(std::move(handler));
  const std::scoped_lock lock(unhandled().mutex);
  unhandled().handler = std::move(kept);
}

bool on_loop_thread() noexcept { return net::loop::current() != nullptr; }

}  // namespace parley
