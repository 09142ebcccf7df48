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
  /// Moves the log into the file when it has become long. To be called when those who wait for the writes have their answers,
  /// since it takes a while.
  void bound_log(connection& on) noexcept;
  /// True when that was not enough, since somebody always read the log.
  [[nodiscard]] bool log_is_too_long() const { return too_long_; }
  /// Moves the log into the file and has the next writes use it from its start. To be called while none of our connections
  /// reads; waits shortly for other programs.
  void restart_log(connection& on) noexcept;

 private:
  static bool commit_together(connection& on, group jobs);
  static void run_in_savepoint(connection& on, job& one);

  const int checkpoint_pages_;
  int next_checkpoint_ = 0;  // in pages of the log
  bool too_long_ = false;
};

}  // namespace parley::store
