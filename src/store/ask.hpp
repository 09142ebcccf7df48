// How a task gives work to the threads of a database and waits for its result.
#pragma once

#include "store/job.hpp"
#include "store/work_queue.hpp"

#include <parley/task.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace parley::store {

/// Keeps the queue and not the database, so that the last task does not end the threads from a loop.
template <class Work>
task<typename Work::result> await_job(std::shared_ptr<work_queue> queue, std::shared_ptr<job_of<Work>> work) {
  waiting done(work, *queue);
  co_await done;
  co_return work->take();
}

template <class Work>
task<typename Work::result> ask(const std::shared_ptr<work_queue>& queue, Work work, std::size_t bytes = 0) {
  return await_job(queue, std::make_shared<job_of<Work>>(std::move(work), bytes));
}

}  // namespace parley::store
