#include "store/job.hpp"

#include "net/loop.hpp"
#include "store/work_queue.hpp"

namespace parley::store {

job::~job() = default;

bool job::run(connection& on) noexcept {
  error_ = nullptr;
  try {
    work(on);
  } catch (...) {
    error_ = std::current_exception();
  }
  return error_ == nullptr;
}

void job::finish(std::shared_ptr<job> done) {
  const net::remote back = *done->back_;
  back.post([done = std::move(done)] {
    net::loop::current()->outside_ends();
    // What the user gave goes away here and not on the store's thread: it may own the store itself.
    done->take_back();
    if (done->waiter_ != nullptr) done->waiter_->complete();
  });
}

void waiting::start() {
  net::loop& here = *net::loop::current();
  job_->back_ = here.remote();
  queue_.push(job_);  // throws when full or closed
  here.outside_begins();
  job_->waiter_ = this;
}

void waiting::cancel() noexcept {
  job_->waiter_ = nullptr;
  job_->wanted_.store(false, std::memory_order_relaxed);
  job_->take_back();
}

}  // namespace parley::store
