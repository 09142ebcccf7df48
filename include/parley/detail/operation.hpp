// The base of every leaf awaitable: body reads and writes, timers, blocking work. Part of parley/task.hpp.
#pragma once

#include <parley/detail/cancel.hpp>

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>

namespace parley::detail {

/// Resumes a coroutine on this thread's loop once what runs now has returned; never from within this call.
PARLEY_API void resume_soon(std::coroutine_handle<> coroutine) noexcept;

/// What a task's coroutine inherits from the one that awaits it.
struct promise_base {
  cancel_state* cancel = nullptr;        // of the chain; null: it cannot be cancelled
  std::coroutine_handle<> continuation;  // who awaits it
};

template <class P>
concept task_promise = std::derived_from<P, promise_base>;

/// One wait for one result. It lives in the awaiting coroutine's frame, so it neither moves nor is destroyed while it waits.
/// A derived class gives `start`, `cancel`, perhaps `ready`, and an `await_resume` that calls `finish` first.
/// Loop's thread only.
class PARLEY_API operation : private cancel_node {
 public:
  /// Always false: whether the chain is cancelled is asked before whether the result is there, and only `await_suspend`
  /// knows the chain.
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <task_promise P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter, waiter.promise().cancel);
  }

 protected:
  operation() = default;
  ~operation() override = default;
  /// True when the result is there already and the coroutine need not wait.
  virtual bool ready() noexcept { return false; }
  /// Begins; may call `complete` at once. What it throws comes out of the await.
  virtual void start() = 0;
  /// Detaches from whatever would have called `complete`, which the base calls afterwards.
  virtual void cancel() noexcept = 0;

  /// The result is there: the coroutine is resumed soon. Later calls do nothing.
  void complete() noexcept;
  /// Completes with an exception, which `finish` throws.
  void fail(std::exception_ptr error) noexcept;
  /// First thing in `await_resume`: throws `cancelled`, or what `fail` or `start` gave.
  void finish();

 private:
  bool begin(std::coroutine_handle<> waiter, cancel_state* chain);
  void on_cancel() noexcept final;

  std::coroutine_handle<> waiter_;  // null: not waiting
  std::exception_ptr error_;
  bool starting_ = false;
  bool cancelled_ = false;
};

}  // namespace parley::detail
