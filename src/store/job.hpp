// A piece of work that a coroutine waits for and a thread of the store does, so that either may leave first.
#pragma once

#include "net/remote.hpp"

#include <parley/detail/operation.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace parley::store {

class connection;
class waiting;
class work_queue;

/// Made on a loop, given to one of the store's threads, and finished back on its loop.
class job {
 public:
  /// `bytes`: what it weighs in the queue.
  explicit job(std::size_t bytes) : bytes_(bytes) {}
  job(const job&) = delete;
  job& operator=(const job&) = delete;
  virtual ~job();

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// False once its coroutine was cancelled. Any thread.
  [[nodiscard]] bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  /// Does the work; false when it threw, and then the exception is kept for the one who waits. The store's thread; may be called
  /// again, and then only the last run counts.
  bool run(connection& on) noexcept;
  /// Sets what the one who waits gets instead of a result. The store's thread.
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] const std::exception_ptr& error() const { return error_; }
  /// Hands the job back to its loop. The store's thread, last thing; all the same whether anybody still waits.
  static void finish(std::shared_ptr<job> done);

 protected:
  /// Throws what `run` keeps.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  friend class waiting;
  virtual void work(connection& on) = 0;
  /// Destroys what the user gave, on the loop's thread; waits while it runs.
  virtual void take_back() noexcept = 0;

  const std::size_t bytes_;
  std::optional<net::remote> back_;
  waiting* waiter_ = nullptr;  // the loop's thread only
  std::atomic<bool> wanted_{true};
  std::exception_ptr error_;
};

/// A job that makes a `Work::result` with `work(connection&)`.
template <class Work>
class job_of final : public job {
 public:
  explicit job_of(Work work, std::size_t bytes = 0) : job(bytes), work_(std::move(work)) {}
  typename Work::result take() {
    rethrow();
    return std::move(*result_);
  }

 private:
  void work(connection& on) override { result_.emplace(work_(on)); }
  void take_back() noexcept override {
    if constexpr (requires { work_.take_back(); }) work_.take_back();
  }

  Work work_;
  std::optional<typename Work::result> result_;
};

/// The await for a job, which it puts into a queue.
class waiting final : public detail::operation {
 public:
  waiting(std::shared_ptr<job> what, work_queue& where) : job_(std::move(what)), queue_(where) {}
  void await_resume() { finish(); }

 private:
  friend class job;
  void start() override;
  void cancel() noexcept override;

  std::shared_ptr<job> job_;
  work_queue& queue_;
};

/// A user's `std::function` that is called on the store's thread and can be taken back on the loop's.
template <class Function>
class lent {
 public:
  explicit lent(Function function) : function_(std::move(function)) {}
  /// Only before it is shared.
  lent(lent&& other) noexcept : function_(std::move(other.function_)) {}

  template <class... Arguments>
  auto operator()(Arguments&&... arguments) {
    const std::scoped_lock lock(mutex_);
    if (!function_) throw cancelled();
    return function_(std::forward<Arguments>(arguments)...);
  }
  /// After this it neither runs nor will. Waits while it runs.
  void take_back() noexcept {
    Function gone;  // destroyed after the lock
    const std::scoped_lock lock(mutex_);
    gone.swap(function_);
  }

 private:
  std::mutex mutex_;
  Function function_;
};

}  // namespace parley::store
