// Where jobs wait for the store's threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace parley::store {

class job;

/// First in, first out; bounded by number and by bytes. Any thread.
class work_queue {
 public:
  /// `file` is for the messages.
  work_queue(std::string file, std::size_t most_jobs, std::size_t most_bytes);

  /// Throws `store_error`: busy when it is full, gone when it is closed.
  void push(std::shared_ptr<job> what);
  /// Waits for a job; null once the queue is closed and empty.
  [[nodiscard]] std::shared_ptr<job> take_one();
  /// Waits for jobs and takes all of them; none once the queue is closed and empty.
  [[nodiscard]] std::vector<std::shared_ptr<job>> take_all();
  /// Takes no more. What waits can still be taken.
  void close();

 private:
  void wait_for_work(std::unique_lock<std::mutex>& lock);

  const std::string file_;
  const std::size_t most_jobs_;
  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<job>> jobs_;
  std::size_t bytes_ = 0;
  std::size_t idle_ = 0;  // threads that wait
  bool closed_ = false;
};

}  // namespace parley::store
