// A SQLite VFS over the system's that stands for a disk whose power can be cut.
//
// What is written stays in memory until the file is synced, as it would in the page cache: everybody reads it, and only the sync
// puts it into the real file. A name that is made or removed is in the folder only once the folder is synced, which SQLite does
// with the first sync of a journal or a log and with some removals. When the power is cut, what was not synced is lost, or part
// of it: each sector of 512 bytes keeps one of the versions that it had since the last sync, as SQLite assumes of disks
// (SQLITE_IOCAP_POWERSAFE_OVERWRITE). Locks and shared memory are the real ones, so one process at a time sees the truth.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace parley::test {

class lossy_vfs {
 public:
  /// Registers it with SQLite under a name of its own.
  lossy_vfs();
  /// Every connection must be closed.
  ~lossy_vfs();
  lossy_vfs(const lossy_vfs&) = delete;
  lossy_vfs& operator=(const lossy_vfs&) = delete;

  /// For `sqlite_options::vfs`.
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Writes, truncations, syncs, creations and removals until now.
  [[nodiscard]] std::uint64_t steps() const;
  [[nodiscard]] std::uint64_t syncs() const;
  /// Cuts the power instead of taking this step, then calls `then` with the disk locked, so that nothing else happens on it (to
  /// end the process, say). The seed decides what survives: nothing that was not synced, all of it, or some.
  void cut_power_at(std::uint64_t step, std::uint64_t seed, std::function<void()> then = nullptr);
  /// Cuts it now. Afterwards every call fails, and the real files are what a machine finds after a restart.
  void cut_power(std::uint64_t seed);

  /// Every write, and every truncation that makes a file larger, fails with this code and errno until called with SQLITE_OK (0).
  void fail_writes(int code, int system_errno = 0);
  /// The next sync fails with an I/O error and what was not synced never reaches the disk, though everybody goes on reading it:
  /// so does Linux after a failed fsync. A further sync knows nothing of it.
  void fail_next_sync();
  /// As above; and what a program finds that is started now, all others having been killed at that moment, is there as database
  /// `killed_to` besides.
  void fail_next_sync(const std::string& file, const std::string& killed_to);
  /// The number of bytes beyond which no file of this disk can grow (SQLITE_FULL). 0: no bound.
  void bound_files(std::int64_t bytes);

 private:
  struct registration;
  std::string name_;
  std::unique_ptr<registration> registration_;
};

}  // namespace parley::test
