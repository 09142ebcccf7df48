// Threads for work that blocks.
#pragma once

#include "base/function.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace parley::net {

/// Bounded twice: so many threads, which are started when they are needed, and so many jobs that wait for one. Any thread.
class pool {
 public:
  pool(std::size_t threads, std::size_t queue_capacity);
  /// Runs what waits, then joins the threads.
  ~pool();
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// Runs `job` on one of the threads; false, and the job is dropped, when the queue is full or no thread can be had. A job must
  /// not throw.
  [[nodiscard]] bool submit(base::unique_function<void()> job);

  /// The one behind `parley::blocking` and name look-up; made at its first use and never destroyed, since a job may outlast
  /// `main` (a name server that does not answer).
  static pool& process_wide();

 private:
  void work();
  bool start_thread();

  const std::size_t most_threads_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<base::unique_function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace parley::net
