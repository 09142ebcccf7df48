// Group commit: many writes, one transaction, one sync.
#pragma once

#include <memory>
#include <span>

namespace parley::store {

class connection;
class job;

/// The writer's thread only.
class writer {
 public:
  using group = std::span<const std::shared_ptr<job>>;

  /// `checkpoint_pages`: how long the log becomes before it is moved into the file.
  explicit writer(int checkpoint_pages) : checkpoint_pages_(checkpoint_pages) {}

  /// Runs the jobs, each within a savepoint, and commits them together. Afterwards each has its result, on the disk, or its
  /// error.
  void write(connection& on, group jobs);
  /// Keeps the log from growing. To be called when those who wait for the writes have their answers, since it takes a while.
  void bound_log(connection& on) noexcept;

 private:
  static bool commit_together(connection& on, group jobs);
  static void run_in_savepoint(connection& on, job& one);

  const int checkpoint_pages_;
  int next_checkpoint_ = 0;  // in pages of the log
};

}  // namespace parley::store
