// The state behind lossy_vfs: files as the programs see them, and what of it the real disk lacks. Knows nothing of SQLite.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace parley::test {

/// A write, or a truncation, that has not been synced.
struct unsynced_change {
  std::int64_t at = 0;
  std::vector<char> bytes;
  bool truncation = false;  // to `at` bytes
};

struct lossy_file {
  std::string path;
  std::vector<char> image;  // as it is read
  std::vector<unsynced_change> unsynced;
  bool name_synced = true;
};

class lossy_disk {
 public:
  /// Held during every call below, and by `then` of the power cut.
  std::mutex mutex;

  /// Counts a step; may cut the power. False when there is no power (any more).
  [[nodiscard]] bool step();
  [[nodiscard]] bool dead() const { return dead_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  void cut_power_at(std::uint64_t step, std::uint64_t seed, std::function<void()> then);
  void cut_power(std::uint64_t seed);

  /// The file with this path, which exists; `made` just now.
  [[nodiscard]] std::shared_ptr<lossy_file> open(const std::string& path, bool made);
  void write(lossy_file& file, std::int64_t at, const char* bytes, std::size_t count);
  void truncate(lossy_file& file, std::int64_t size);
  /// The file's content is on the real disk now; the caller has put it there.
  void synced(lossy_file& file) { file.unsynced.clear(); }
  /// Names that were made or removed are so for good.
  void sync_folder();
  /// Gives a file's state, that in memory and that on the disk, to a new name.
  void copy(const std::string& from, const std::string& to);
  /// Takes the name away; false when there is none.
  [[nodiscard]] bool remove(const std::string& path);

  std::uint64_t syncs = 0;
  int write_error = 0;
  int write_errno = 0;
  std::function<void()> next_sync_fails;  // empty: it does not
  std::int64_t most_bytes = 0;

 private:
  struct removed_name {
    std::string path;
    std::string aside;  // where the real file is kept until its removal is synced
  };
  enum class survivors { none, some, all };
  void settle(const lossy_file& file, survivors which, std::mt19937_64& random) const;

  std::map<std::string, std::shared_ptr<lossy_file>> files_;
  std::vector<removed_name> removed_;
  std::uint64_t steps_ = 0;
  std::uint64_t cut_at_ = 0;
  std::uint64_t seed_ = 0;
  std::uint64_t removals_ = 0;
  std::function<void()> then_;
  bool dead_ = false;
};

}  // namespace parley::test
