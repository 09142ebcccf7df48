// Work that blocks, on a pool of threads. Part of parley/task.hpp.
#pragma once

#include <parley/detail/task_type.hpp>

#include <memory>

namespace parley {

/// Thrown when the pool's queue is full. A server answers it with 503.
struct PARLEY_API overloaded : std::exception {
  [[nodiscard]] const char* what() const noexcept override;
};

namespace detail {

class blocking_operation;

/// Shared by the coroutine that waits and the thread that works, so that either may leave first.
class PARLEY_API blocking_job {
 public:
  virtual ~blocking_job() = default;
  virtual void work() noexcept = 0;  // on the pool's thread

 private:
  friend class blocking_operation;
  blocking_operation* waiter_ = nullptr;  // the loop's thread only
  std::atomic<bool> abandoned_{false};
};

class PARLEY_API blocking_operation final : public operation {
 public:
  explicit blocking_operation(std::shared_ptr<blocking_job> job) noexcept : job_(std::move(job)) {}
  void await_resume() { finish(); }

 private:
  void start() override;  // throws overloaded
  void cancel() noexcept override;
  static void finished(blocking_job& job) noexcept;

  std::shared_ptr<blocking_job> job_;
};

template <class F>
class blocking_job_of final : public blocking_job {
 public:
  using value_type = std::invoke_result_t<F>;
  explicit blocking_job_of(F function) : function_(std::move(function)) {}

  void work() noexcept override {
    try {
      if constexpr (std::is_void_v<value_type>) {
        function_();
        outcome_.emplace();
      } else {
        outcome_.emplace(std::in_place, function_());
      }
    } catch (...) {
      outcome_.emplace(std::unexpected(std::current_exception()));
    }
  }
  value_type take() {
    if (!*outcome_) std::rethrow_exception(outcome_->error());
    if constexpr (!std::is_void_v<value_type>) return std::move(**outcome_);
  }

 private:
  F function_;
  std::optional<outcome<value_type>> outcome_;
};

}  // namespace detail

/// Runs `function` on the process-wide pool of threads and gives its result or throws its exception. For what blocks or takes
/// long: files, databases, hashing. `function` must own what it uses: when the chain is cancelled the await ends at once, while
/// the function goes on (or, if no thread has begun it, is dropped) and its result is destroyed on some thread.
/// Throws `overloaded` when the pool's queue is full.
template <class F>
[[nodiscard]] task<std::invoke_result_t<F>> blocking(F function) {
  using value_type = std::invoke_result_t<F>;
  static_assert(!std::is_reference_v<value_type>, "parley::blocking: return a value; it crosses threads");
  auto job = std::make_shared<detail::blocking_job_of<F>>(std::move(function));
  detail::blocking_operation wait(job);
  co_await wait;
  if constexpr (std::is_void_v<value_type>) {
    job->take();
  } else {
    co_return job->take();
  }
}

/// Sizes the pool behind `blocking`: at most `threads` threads, which are started on demand, and at most `queue_capacity` jobs
/// that wait for one. Before its first use, from any thread; later it throws `std::logic_error`. Without it: 4 threads a
/// processor (at least 8) and 1024 jobs. Its threads end with the process, which waits for none of them.
PARLEY_API void set_blocking_pool(std::size_t threads, std::size_t queue_capacity);

}  // namespace parley
