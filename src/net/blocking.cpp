#include <parley/detail/blocking.hpp>

#include "net/pool.hpp"
#include "net/remote.hpp"

namespace parley {

const char* overloaded::what() const noexcept { return "parley: the pool for blocking work is full"; }

namespace detail {

void blocking_operation::start() {
  // The loop may be gone when the function ends, and the await may be cancelled: so the job is shared.
  const net::errand errand;
  auto run = [job = job_, errand] {
    if (!job->abandoned_.load(std::memory_order_relaxed)) job->work();
    errand.finish([job] { finished(*job); });
  };
  if (!net::pool::process_wide().submit(std::move(run))) {
    errand.drop();
    throw overloaded();
  }
  job_->waiter_ = this;
}

void blocking_operation::finished(blocking_job& job) noexcept {
  if (job.waiter_ != nullptr) job.waiter_->complete();
}

void blocking_operation::cancel() noexcept {
  job_->waiter_ = nullptr;
  job_->abandoned_.store(true, std::memory_order_relaxed);
}

}  // namespace detail
}  // namespace parley
