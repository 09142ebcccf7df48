// A SQLite file with the threads that work on it: one that writes, some that read.
#pragma once

#include "store/sqlite_connection.hpp"
#include "store/sqlite_schema.hpp"
#include "store/work_queue.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

namespace parley::store {

class writer;

struct database_settings {
  connection_settings connection;
  std::string table;
  table_definition definition = record_table();
  std::size_t queue_jobs = 4096;
  std::size_t queue_bytes = std::size_t{64} << 20;
  std::size_t readers = 2;
  int checkpoint_pages = 1000;  // 4 MiB: the log stays in the page cache, and pages that change often are moved once
};

/// Many at once or one alone, and who wants to be alone waits for nobody that comes later (as a std::shared_mutex might).
class gate {
 public:
  void lock_shared() {
    const std::scoped_lock turn(entrance_);
    inside_.lock_shared();
  }
  void unlock_shared() { inside_.unlock_shared(); }
  void lock() {
    const std::scoped_lock turn(entrance_);
    inside_.lock();
  }
  void unlock() { inside_.unlock(); }

 private:
  std::mutex entrance_;
  std::shared_mutex inside_;
};

/// Any thread, but not one of its own.
class database {
 public:
  /// Opens or makes the file and its table; throws `store_error`.
  explicit database(const database_settings& how);
  /// Does what waits, then ends the threads. Jobs that come later are refused by the queues.
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Jobs that change nothing. The queues may outlive the database.
  [[nodiscard]] const std::shared_ptr<work_queue>& reads() const { return reads_; }
  /// Jobs that write, each within a savepoint of its own.
  [[nodiscard]] const std::shared_ptr<work_queue>& writes() const { return writes_; }

 private:
  void start_threads();
  void stop() noexcept;
  void read_until_closed(std::size_t slot);
  void write_until_closed();
  void write_group(writer& turn, std::vector<std::shared_ptr<job>> group);
  void with_connection(std::size_t slot, const std::function<void(connection&)>& use);
  void open_again(std::size_t slot);
  void close_all();
  void restart_log(writer& turn);

  const database_settings how_;
  const std::shared_ptr<work_queue> reads_;
  const std::shared_ptr<work_queue> writes_;
  // Held shared while a connection is in use, and alone while all are closed: after the file was replaced, an old and a new
  // connection must not be open at once, or they would share the log's name and its locks.
  gate in_use_;
  std::vector<std::unique_ptr<connection>> connections_;  // a slot for each thread; the first is the writer's
  std::vector<std::thread> threads_;
};

}  // namespace parley::store
