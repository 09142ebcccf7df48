#include "store/sqlite_database.hpp"

#include "store/job.hpp"
#include "store/sqlite_schema.hpp"
#include "store/sqlite_writer.hpp"

#include <algorithm>
#include <csignal>
#include <mutex>
#include <utility>

namespace parley::store {
namespace {

constexpr std::size_t writer_slot = 0;

/// Blocks the signals of the threads that are made meanwhile: they are for the program's own threads.
class without_signals {
 public:
  without_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~without_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  without_signals(const without_signals&) = delete;
  without_signals& operator=(const without_signals&) = delete;

 private:
  sigset_t before_;
};

/// A log that a failed sync has passed by may have a hole on the disk that the page cache hides; what is appended behind the hole
/// would be lost with it. So a log that we find is first moved into the file, which writes and syncs its pages anew.
bool empty_log(connection& on) { return on.checkpoint(connection::checkpoint_mode::truncate); }

}  // namespace

database::database(const database_settings& how)
    : how_(how), reads_(std::make_shared<work_queue>(how.connection.file, how.queue_jobs, how.queue_bytes)),
      writes_(std::make_shared<work_queue>(how.connection.file, how.queue_jobs, how.queue_bytes)),
      connections_(1 + std::max<std::size_t>(how.readers, 1)) {
  prepare_file(how.connection.file);
  auto first = std::make_unique<connection>(how.connection, "open");
  make_table(*first, how.table, how.definition);
  {
    const connection::brief_wait none(*first, 0);
    empty_log(*first);  // that of another program which is alive needs no cure
  }
  first->remember_files();
  connections_[writer_slot] = std::move(first);
  start_threads();
}

database::~database() { stop(); }

void database::start_threads() {
  const without_signals masked;
  threads_.reserve(connections_.size());
  try {
    threads_.emplace_back([this] { write_until_closed(); });
    for (std::size_t slot = writer_slot + 1; slot < connections_.size(); ++slot) {
      threads_.emplace_back([this, slot] { read_until_closed(slot); });
    }
  } catch (...) {
    stop();
    throw;
  }
}

void database::stop() noexcept {
  reads_->close();
  writes_->close();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  connections_.clear();
}

/// Throws what opening throws; what `use` meets goes into its jobs.
void database::with_connection(std::size_t slot, const std::function<void(connection&)>& use) {
  for (;;) {
    bool used = false;
    {
      const std::shared_lock lock(in_use_);
      if (connection* const on = connections_[slot].get()) {
        use(*on);
        if (!on->broken()) return;
        used = true;
      }
    }
    const std::scoped_lock lock(in_use_);
    if (used) {
      // All of them, since a new one must not meet an old one; unless another thread was faster.
      if (connections_[slot]) close_all();
      return;
    }
    open_again(slot);
  }
}

/// With `in_use_` held alone.
void database::open_again(std::size_t slot) {
  const bool replaced = std::ranges::any_of(connections_, [](const auto& other) { return other && !other->files_in_place(); });
  if (replaced) close_all();
  const bool writes = slot == writer_slot;
  auto made = std::make_unique<connection>(how_.connection, writes ? "write" : "read");
  check_table(*made, how_.table);
  if (!writes) {
    made->execute("PRAGMA query_only=ON");
  } else if (!empty_log(*made)) {
    made->raise(store_error::kind::busy, "another program holds its log");
  }
  made->remember_files();
  connections_[slot] = std::move(made);
}

/// With `in_use_` held alone. The writer's comes last: the last one moves the log into the file.
void database::close_all() {
  for (auto each = connections_.rbegin(); each != connections_.rend(); ++each) each->reset();
}

/// While our own readers wait: those who read without a break would keep the log in use for ever.
void database::restart_log(writer& turn) {
  const std::scoped_lock lock(in_use_);
  const auto& on = connections_[writer_slot];
  if (!on) return;
  turn.restart_log(*on);
  if (on->broken()) close_all();
}

void database::read_until_closed(std::size_t slot) {
  const auto read = [](connection& on, job& one) {
    on.doing("read");
    if (!one.run(on)) return;
    try {
      on.check_files();
    } catch (const store_error&) {
      one.fail(std::current_exception());
    }
  };
  while (std::shared_ptr<job> next = reads_->take_one()) {
    try {
      if (next->wanted()) with_connection(slot, [&](connection& on) { read(on, *next); });
    } catch (const store_error&) {
      next->fail(std::current_exception());
    }
    job::finish(std::move(next));
  }
}

void database::write_until_closed() {
  writer turn(how_.checkpoint_pages);
  for (;;) {
    std::vector<std::shared_ptr<job>> waiting = writes_->take_all();
    if (waiting.empty()) return;
    std::vector<std::shared_ptr<job>> group;
    for (auto& each : waiting) {
      if (each->wanted()) {
        group.push_back(std::move(each));
      } else {
        job::finish(std::move(each));
      }
    }
    if (!group.empty()) write_group(turn, std::move(group));
    if (turn.log_is_too_long()) restart_log(turn);
  }
}

void database::write_group(writer& turn, std::vector<std::shared_ptr<job>> group) {
  const auto finish_all = [&group] {
    for (auto& each : group) job::finish(std::move(each));
    group.clear();
  };
  try {
    with_connection(writer_slot, [&](connection& on) {
      turn.write(on, group);
      finish_all();
      turn.bound_log(on);
    });
  } catch (const store_error&) {
    for (const auto& each : group) each->fail(std::current_exception());
  }
  finish_all();
}

}  // namespace parley::store
