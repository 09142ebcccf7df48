// task<T>, and how a chain of tasks is started. Part of parley/task.hpp.
#pragma once

#include <parley/detail/operation.hpp>

#include <expected>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <variant>

namespace parley {

template <class T = void>
class task;

namespace detail {

/// How a task ended.
template <class T>
using outcome = std::expected<T, std::exception_ptr>;
template <class T>
outcome<T> take_outcome(task<T>& ended);
/// What stands for `T` where void cannot.
template <class T>
using value_of = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Neither symmetric transfer nor recursion: the loop resumes whoever waits, so a chain of any length needs no stack.
struct final_awaiter {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <task_promise P>
  void await_suspend(std::coroutine_handle<P> ended) noexcept {
    resume_soon(ended.promise().continuation);
  }
  void await_resume() const noexcept {}
};

struct result_base : promise_base {
  std::exception_ptr error;
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

template <class T>
struct promise : result_base {
  std::optional<T> value;
  task<T> get_return_object() noexcept;
  template <class U = T>
    requires std::convertible_to<U&&, T>
  void return_value(U&& from) {
    value.emplace(std::forward<U>(from));
  }
  outcome<T> take() {
    if (error) return std::unexpected(std::move(error));
    return outcome<T>(std::in_place, std::move(*value));
  }
};

template <>
struct promise<void> : result_base {
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  outcome<void> take() {
    if (error) return std::unexpected(std::move(error));
    return {};
  }
};

/// Starts a task, waits for its end, frees its frame, and gives its result to `co_await`.
template <class T>
class task_awaiter {
 public:
  /// `chain` null: the chain of the coroutine that awaits.
  explicit task_awaiter(task<T>& work, cancel_state* chain = nullptr) noexcept : work_(work), chain_(chain) {}
  [[nodiscard]] bool await_ready() const noexcept { return !work_.frame_; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiter) noexcept {
    static_assert(task_promise<P>, "a parley::task is awaited in a parley::task; parley/asio.hpp bridges to Asio's coroutines");
    auto& child = work_.frame_.promise();
    child.cancel = chain_ != nullptr ? chain_ : waiter.promise().cancel;
    child.continuation = waiter;
    resume_soon(work_.frame_);
  }
  T await_resume() {
    outcome<T> result = work_.take();
    if (!result) std::rethrow_exception(std::move(result.error()));
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

 private:
  task<T>& work_;
  cancel_state* chain_;
};

/// As `task_awaiter`, but leaves the result in the task, for `task::take`.
template <class T>
class end_awaiter : public task_awaiter<T> {
 public:
  using task_awaiter<T>::task_awaiter;
  void await_resume() const noexcept {}
};

}  // namespace detail

/// A coroutine that ends with a T or an exception. Lazy: it begins when it is awaited (or given to `spawn`, `run`,
/// `when_any`, …) and can be awaited once. It runs on the loop of whoever awaits it, inherits that one's cancellation, and its
/// frame is freed when the await returns. Destroying one that never began destroys its parameters and nothing else.
///
/// With g++ 12 keep to one `co_await` a statement and name the task first, since some others are miscompiled:
/// `auto read = req.text(); auto text = co_await read;`
template <class T>
class [[nodiscard]] task {
  static_assert(!std::is_reference_v<T>, "parley::task<T&>: return a pointer or a value; a reference may outlive what it names");
  static_assert(std::is_void_v<T> || std::is_move_constructible_v<T>, "parley::task<T>: T must be movable");

 public:
  using promise_type = detail::promise<T>;
  using value_type = T;

  task() = default;
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  task& operator=(task&& other) noexcept {
    if (this == &other) return *this;
    if (frame_) frame_.destroy();
    frame_ = std::exchange(other.frame_, {});
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  /// Whether it still can be awaited: not when default, moved from or awaited.
  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  detail::task_awaiter<T> operator co_await() & noexcept { return detail::task_awaiter<T>(*this); }
  detail::task_awaiter<T> operator co_await() && noexcept { return detail::task_awaiter<T>(*this); }

 private:
  friend promise_type;
  friend class detail::task_awaiter<T>;
  friend detail::outcome<T> detail::take_outcome<T>(task& ended);
  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  detail::outcome<T> take() {
    if (!frame_) throw std::logic_error("parley::task: awaited twice, or moved away before");
    task ended = std::move(*this);
    return ended.frame_.promise().take();
  }

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

/// Moves a task's result out and frees its frame.
template <class T>
outcome<T> take_outcome(task<T>& ended) {
  return ended.take();
}

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<promise>::from_promise(*this));
}
inline task<void> promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<promise>::from_promise(*this));
}

/// The coroutine at the top of a chain: nobody awaits it, so its frame frees itself at the end.
struct root {
  struct promise_type : promise_base {
    root get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }  // only `done` could throw, and it must not
  };
  std::coroutine_handle<promise_type> frame;
};

template <class T, class Done>
root run_root(task<T> work, Done done) {
  end_awaiter<T> end(work);
  co_await end;
  done(take_outcome(work));
}

/// Starts a task on this thread's loop, soon. `cancel` (may be null) must outlive it. When it has ended and its frame is freed,
/// calls `done(std::expected<T, std::exception_ptr>)`, which must not throw and may destroy `cancel`.
template <class T, class Done>
void start(task<T> work, cancel_state* cancel, Done done) {
  root top = run_root(std::move(work), std::move(done));
  top.frame.promise().cancel = cancel;
  resume_soon(top.frame);
}

/// Gives the chain's state to a coroutine: `detail::chain chain; cancel_state* state = co_await chain;`
class chain {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <task_promise P>
  bool await_suspend(std::coroutine_handle<P> waiter) noexcept {
    state_ = waiter.promise().cancel;
    return false;
  }
  [[nodiscard]] cancel_state* await_resume() const noexcept { return state_; }

 private:
  cancel_state* state_ = nullptr;
};

}  // namespace detail
}  // namespace parley
