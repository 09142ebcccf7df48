// Coroutines that a loop runs: task<T>, cancellation, time, tasks side by side, work that blocks.
//
// One loop a thread runs all tasks of that thread; a task stays on the loop where it began. Cancellation is level-triggered:
// once a chain of tasks is cancelled, the await that waits ends with `cancelled` within one turn of the loop, and so does every
// later one. No frame is ever destroyed while it waits; whoever cancels a task also waits for its end.
#pragma once

#include <parley/detail/blocking.hpp>
#include <parley/detail/cancel.hpp>
#include <parley/detail/group.hpp>
#include <parley/detail/operation.hpp>
#include <parley/detail/task_type.hpp>
#include <parley/detail/timing.hpp>

#include <functional>
#include <memory>

namespace parley {

/// Runs a task of its own on this thread's loop, beside whoever calls this. It is cancelled when the loop ends (the end of `run`,
/// say), which then waits for its end. An exception that escapes from it goes to the handler of `set_unhandled`. What it uses
/// must live as long as it does. Throws `std::logic_error` outside of a loop.
PARLEY_API void spawn(task<> work);

/// What happens to an exception that escapes from a spawned task (`cancelled` excepted, which is dropped). The default prints
/// one line to standard error. Any thread; the handler runs on the loop's thread and must not throw. Null: the default again.
PARLEY_API void set_unhandled(std::function<void(std::exception_ptr)> handler);

/// Whether this thread is within a loop's run, where blocking forms (`run`, `fetch`) refuse to work.
[[nodiscard]] PARLEY_API bool on_loop_thread() noexcept;

namespace detail {

/// A loop for `run`.
class PARLEY_API runner {
 public:
  runner();  // throws std::logic_error on a loop's thread
  ~runner();
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;
  /// Runs from `first` until `stop`; then cancels what was spawned and runs that to its end.
  void run(std::coroutine_handle<> first);
  void stop() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace detail

/// Runs a loop on this thread until the task ends, and gives its value or throws its exception. For `main` and for tests.
/// Tasks that it spawned and that have not ended are then cancelled and run to their end. Throws `std::logic_error` on a
/// loop's thread: co_await the task there.
template <class T>
T run(task<T> work) {
  detail::runner here;
  std::optional<detail::outcome<T>> result;
  auto done = [&](detail::outcome<T> ended) {
    result.emplace(std::move(ended));
    here.stop();
  };
  detail::root top = detail::run_root(std::move(work), std::move(done));
  here.run(top.frame);
  if (!*result) std::rethrow_exception(std::move(result->error()));
  if constexpr (!std::is_void_v<T>) return std::move(**result);
}

}  // namespace parley
