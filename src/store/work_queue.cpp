#include "store/work_queue.hpp"

#include "store/job.hpp"

#include <parley/store.hpp>

#include <iterator>
#include <utility>

namespace parley::store {

work_queue::work_queue(std::string file, std::size_t most_jobs, std::size_t most_bytes)
    : file_(std::move(file)), most_jobs_(most_jobs), most_bytes_(most_bytes) {}

void work_queue::push(std::shared_ptr<job> what) {
  const std::size_t bytes = what->bytes();
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) throw store_error(store_error::kind::gone, file_ + ": the store is closed; open it again");
    // One that is larger than the whole bound gets its turn when nothing else waits.
    if (jobs_.size() >= most_jobs_ || (!jobs_.empty() && bytes_ + bytes > most_bytes_)) {
      throw store_error(store_error::kind::busy, file_ +
                                                     ": too much waits for the database; try again soon, or raise the "
                                                     "store's queue() and queue_bytes()");
    }
    jobs_.push_back(std::move(what));
    bytes_ += bytes;
    wake = idle_ > 0;
  }
  if (wake) wake_.notify_one();
}

void work_queue::wait_for_work(std::unique_lock<std::mutex>& lock) {
  ++idle_;
  wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
  --idle_;
}

std::shared_ptr<job> work_queue::take_one() {
  std::unique_lock lock(mutex_);
  wait_for_work(lock);
  if (jobs_.empty()) return nullptr;
  std::shared_ptr<job> first = std::move(jobs_.front());
  jobs_.pop_front();
  bytes_ -= first->bytes();
  return first;
}

std::vector<std::shared_ptr<job>> work_queue::take_all() {
  std::unique_lock lock(mutex_);
  wait_for_work(lock);
  std::vector<std::shared_ptr<job>> all(std::make_move_iterator(jobs_.begin()), std::make_move_iterator(jobs_.end()));
  jobs_.clear();
  bytes_ = 0;
  return all;
}

void work_queue::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
}

}  // namespace parley::store
