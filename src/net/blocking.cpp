#include <parley/detail/blocking.hpp>

#include "net/loop.hpp"
#include "net/pool.hpp"

namespace parley {

const char* overloaded::what() const noexcept { return "parley: the pool for blocking work is full"; }

namespace detail {

void blocking_operation::start() {
  net::loop* here = net::loop::current();
  // The loop may be gone when the function ends, and the await may be cancelled: so the job is shared, and the way back is one
  // that may fail.
  auto run = [job = job_, back = here->remote()] {
    if (!job->abandoned_.load(std::memory_order_relaxed)) job->work();
    back.post([job] { finished(*job); });
  };
  if (!net::pool::process_wide().submit(std::move(run))) throw overloaded();
  here->outside_begins();
  job_->waiter_ = this;
}

void blocking_operation::finished(blocking_job& job) noexcept {
  net::loop::current()->outside_ends();
  if (job.waiter_ != nullptr) job.waiter_->complete();
}

void blocking_operation::cancel() noexcept {
  job_->waiter_ = nullptr;
  job_->abandoned_.store(true, std::memory_order_relaxed);
}

}  // namespace detail
}  // namespace parley
