// Waiting for time, and deadlines. Part of parley/task.hpp.
#pragma once

#include <parley/detail/task_type.hpp>

#include <chrono>
#include <cstddef>

namespace parley {

/// Thrown by `timeout` when its task did not end in time.
struct PARLEY_API timed_out : std::exception {
  [[nodiscard]] const char* what() const noexcept override;
};

using steady_duration = std::chrono::steady_clock::duration;
using steady_time = std::chrono::steady_clock::time_point;

namespace detail {

/// Cancels a state when its time comes, unless it is destroyed before.
class PARLEY_API alarm {
 public:
  alarm(cancel_state& target, steady_duration after);
  ~alarm();
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;
  [[nodiscard]] bool rang() const noexcept { return rang_; }

 private:
  bool rang_ = false;
  alignas(std::max_align_t) std::byte timer_[160];  // a net::timer
};

/// Waits for the end of the present turn; see `yield`.
class PARLEY_API turn_awaiter {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <task_promise P>
  bool await_suspend(std::coroutine_handle<P> waiter) noexcept {
    chain_ = waiter.promise().cancel;
    if (chain_ != nullptr && chain_->cancelled()) return false;
    resume_next_turn(waiter);
    return true;
  }
  void await_resume() const {
    if (chain_ != nullptr && chain_->cancelled()) throw cancelled();
  }

 private:
  static void resume_next_turn(std::coroutine_handle<> coroutine) noexcept;
  cancel_state* chain_ = nullptr;
};

template <class T>
task<T> run_with_timeout(steady_duration limit, task<T> work) {
  chain here;
  cancel_state* outer = co_await here;
  cancel_state inner(outer);
  alarm bell(inner, limit);
  end_awaiter<T> end(work, &inner);
  co_await end;
  outcome<T> result = take_outcome(work);
  if (result) {
    if constexpr (std::is_void_v<T>) {
      co_return;
    } else {
      co_return std::move(*result);
    }
  }
  const bool late = bell.rang() && (outer == nullptr || !outer->cancelled());
  if (!late) std::rethrow_exception(result.error());
  try {
    std::rethrow_exception(result.error());
  } catch (const cancelled&) {
    throw timed_out();
  }
}

template <class T>
task<T> run_with_token(cancel_token token, task<T> work) {
  chain here;
  cancel_state* outer = co_await here;
  cancel_state inner(outer);
  cancel_registration registration(token, [&inner] { inner.cancel(); });
  end_awaiter<T> end(work, &inner);
  co_await end;
  outcome<T> result = take_outcome(work);
  if (!result) std::rethrow_exception(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) co_return std::move(*result);
}

}  // namespace detail

/// Waits this long. The time is the loop's: the clock's, or virtual in a memory network.
[[nodiscard]] PARLEY_API task<> sleep_for(steady_duration duration);
/// Waits until then; not at all when that is past, save for one turn of the loop.
[[nodiscard]] PARLEY_API task<> sleep_until(steady_time when);

/// Lets the loop turn once, so that others and the system's news get their turn: `auto turn = parley::yield(); co_await turn;`
[[nodiscard]] inline detail::turn_awaiter yield() noexcept { return {}; }

/// Runs `work` and, when it has not ended after `limit`, cancels it, waits for its end and throws `timed_out`. A value that it
/// gives nonetheless is returned, since it may own something; an exception of another kind passes through.
template <class T>
[[nodiscard]] task<T> timeout(steady_duration limit, task<T> work) {
  return detail::run_with_timeout(limit, std::move(work));
}

/// Runs `work` so that `token` cancels it too, besides whatever cancels the coroutine that awaits this.
template <class T>
[[nodiscard]] task<T> with_cancel(cancel_token token, task<T> work) {
  return detail::run_with_token(std::move(token), std::move(work));
}

/// Gives the token of the chain of tasks that awaits it: `auto here = parley::current_token(); auto token = co_await here;`
class current_token {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <detail::task_promise P>
  bool await_suspend(std::coroutine_handle<P> waiter) noexcept {
    state_ = waiter.promise().cancel;
    return false;
  }
  [[nodiscard]] cancel_token await_resume() const { return state_ == nullptr ? cancel_token() : state_->token(); }

 private:
  detail::cancel_state* state_ = nullptr;
};

}  // namespace parley
