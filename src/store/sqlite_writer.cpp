#include "store/sqlite_writer.hpp"

#include "store/job.hpp"
#include "store/sqlite_connection.hpp"

#include <algorithm>

namespace parley::store {
namespace {

/// From so many times that length on we wait, shortly, for those who still read the log: without a break in their reading it
/// would grow for ever.
constexpr int waiting_checkpoint_factor = 4;
constexpr int waiting_checkpoint_ms = 100;

void roll_back(connection& on) noexcept {
  try {
    if (on.in_transaction()) on.prepare("ROLLBACK").run();
  } catch (const store_error&) {
    // SQLite has left the transaction, or the connection is broken and will be closed.
  }
}

/// What the log holds goes into the file, so that the next writes can use the log from its start.
void make_room(connection& on) noexcept {
  try {
    on.checkpoint(connection::checkpoint_mode::passive);
  } catch (const store_error&) {
    // Then there is no room, as the writes will find.
  }
}

}  // namespace

void writer::write(connection& on, group jobs) {
  on.doing("write");
  if (commit_together(on, jobs)) return;
  // One write that does not fit takes the whole transaction with it. Alone, those that fit get through.
  make_room(on);
  for (std::size_t i = 0; i < jobs.size(); ++i) commit_together(on, jobs.subspan(i, 1));
}

/// False when it did not fit on the disk.
bool writer::commit_together(connection& on, group jobs) {
  for (const auto& each : jobs) each->fail(nullptr);
  try {
    on.prepare("BEGIN IMMEDIATE").run();
    for (const auto& each : jobs) run_in_savepoint(on, *each);
    on.prepare("COMMIT").run();
    on.check_files();
    return true;
  } catch (const store_error& error) {
    roll_back(on);
    for (const auto& each : jobs) {
      if (!each->error()) each->fail(std::current_exception());  // others threw by themselves
    }
    return error.why() != store_error::kind::full;
  }
}

void writer::run_in_savepoint(connection& on, job& one) {
  on.prepare("SAVEPOINT one").run();
  if (!one.run(on)) {
    // Some errors (a full disk, failed input or output) make SQLite give up the whole transaction.
    if (!on.in_transaction()) std::rethrow_exception(one.error());
    on.prepare("ROLLBACK TO one").run();
  }
  on.prepare("RELEASE one").run();
}

void writer::bound_log(connection& on) noexcept {
  const int pages = on.log_pages();
  if (pages < checkpoint_pages_) next_checkpoint_ = checkpoint_pages_;  // the log has begun anew
  if (pages < next_checkpoint_) return;
  next_checkpoint_ = pages + checkpoint_pages_;
  on.doing("move the log into the file");
  try {
    if (pages < waiting_checkpoint_factor * checkpoint_pages_) {
      on.checkpoint(connection::checkpoint_mode::passive);
    } else {
      const connection::brief_wait brief(on, waiting_checkpoint_ms);
      on.checkpoint(connection::checkpoint_mode::restart);
    }
  } catch (const store_error&) {
    // Nothing is lost by it: the log is longer. What ails the file, the next write will tell.
  }
}

}  // namespace parley::store
