#include "store/sqlite_writer.hpp"

#include "store/job.hpp"
#include "store/sqlite_connection.hpp"

namespace parley::store {
namespace {

/// A log of so many times the length at which it is moved into the file is too long.
constexpr int too_long_factor = 4;
/// How long a writer waits for other programs to leave a log that is too long.
constexpr int restart_wait_ms = 100;

void roll_back(connection& on) noexcept {
  try {
    if (on.in_transaction()) on.prepare("ROLLBACK").run();
  } catch (const store_error&) {
    // SQLite has left the transaction, or the connection is broken and will be closed.
  }
}

/// Moves what the log holds into the file, so that later writes can use the log from its start. Nothing is lost when it fails:
/// the log stays longer, and what ails the file the next write will tell.
void empty_into_file(connection& on, connection::checkpoint_mode mode) noexcept {
  try {
    on.checkpoint(mode);
  } catch (const store_error&) {
  }
}

}  // namespace

void writer::write(connection& on, group jobs) {
  on.doing("write");
  if (commit_together(on, jobs)) return;
  // One write that does not fit takes the whole transaction with it. Alone, those that fit get through.
  empty_into_file(on, connection::checkpoint_mode::passive);
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
  too_long_ = pages >= too_long_factor * checkpoint_pages_;
  if (!too_long_) empty_into_file(on, connection::checkpoint_mode::passive);
}

void writer::restart_log(connection& on) noexcept {
  too_long_ = false;
  const connection::brief_wait brief(on, restart_wait_ms);
  empty_into_file(on, connection::checkpoint_mode::restart);
}

}  // namespace parley::store
