#include "net/pool.hpp"

#include <parley/detail/blocking.hpp>

#include <algorithm>
#include <signal.h>
#include <stdexcept>
#include <system_error>

namespace parley {
namespace net {
namespace {

struct pool_settings {
  std::mutex mutex;
  std::size_t threads = std::max<std::size_t>(8, 4UL * std::thread::hardware_concurrency());
  std::size_t queue_capacity = 1024;
  bool used = false;
};

pool_settings& settings_of_pool() {
  static pool_settings settings;
  return settings;
}

}  // namespace

pool::pool(std::size_t threads, std::size_t queue_capacity)
    : most_threads_(std::max<std::size_t>(threads, 1)), capacity_(queue_capacity) {
  threads_.reserve(most_threads_);
}

pool::~pool() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool pool::submit(base::unique_function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    // A job that an idle thread takes at once does not wait.
    if (jobs_.size() >= idle_ && !start_thread()) {
      if (threads_.empty() || jobs_.size() - idle_ >= capacity_) return false;
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

/// With the mutex held. A new thread counts as idle, which reserves it for the job that is about to be queued.
bool pool::start_thread() {
  if (threads_.size() == most_threads_) return false;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the program's own threads
  bool started = true;
  try {
    threads_.emplace_back([this] { work(); });
    ++idle_;
  } catch (const std::system_error&) {
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    base::unique_function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    --idle_;
    lock.unlock();
    job();
    job = nullptr;  // what it holds is destroyed without the lock
    lock.lock();
    ++idle_;
  }
}

pool& pool::process_wide() {
  static pool* const one = [] {
    pool_settings& settings = settings_of_pool();
    const std::scoped_lock lock(settings.mutex);
    settings.used = true;
    return new pool(settings.threads, settings.queue_capacity);
  }();
  return *one;
}

}  // namespace net

void set_blocking_pool(std::size_t threads, std::size_t queue_capacity) {
  net::pool_settings& settings = net::settings_of_pool();
  const std::scoped_lock lock(settings.mutex);
  if (settings.used) throw std::logic_error("parley::set_blocking_pool: the pool is in use already; call it earlier");
  settings.threads = threads;
  settings.queue_capacity = queue_capacity;
}

}  // namespace parley
