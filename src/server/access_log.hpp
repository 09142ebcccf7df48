// The access log's writer: a thread of its own, so that a slow disk, a full one or a pipe without a reader never stops a loop.
#pragma once

#include "base/unique_fd.hpp"
#include "server/access_line.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace parley::server_room {

/// Any thread. What waits to be written is bounded; beyond it lines are lost and counted, and both the log and `tell` say how many
/// once it goes on. What cannot be written now (no space left on the device) is tried again.
class access_log {
 public:
  /// `tell`: a sink for sentences about the log, called from any thread.
  explicit access_log(std::function<void(std::string_view)> tell) : tell_(std::move(tell)) {}
  /// Writes what waits, within `end_time`.
  ~access_log();

  /// Writes from here on to `path`: a file, which is appended to, `-` for standard output, empty for nowhere. What was written
  /// before goes to where it was meant to. Throws `std::system_error`, and leaves all as it was. Never waits for a FIFO's reader.
  void open(std::string_view path, log_format format);
  /// Opens the file by its name once more, soon, after a rotation has renamed it. When that fails the old one stays, and `tell`
  /// says so.
  void reopen();
  [[nodiscard]] bool on() const { return on_.load(std::memory_order_relaxed); }
  void write(const access_entry& entry);
  /// Lines lost so far.
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  static constexpr std::size_t waiting_limit = 4 * 1024 * 1024;
  static constexpr std::chrono::milliseconds end_time{1000};

 private:
  struct target {
    std::string path;
    base::unique_fd owned;  // not of standard output
    int descriptor = -1;
    bool whole = false;  // takes writes of any size without waiting for a reader
  };
  struct change {
    target to;
    std::string before;  // lines of the one before it
  };
  enum class progress { done, busy, failed };

  static target open_target(const std::string& path);
  void run();
  void take_waiting();
  void apply_changes(std::unique_lock<std::mutex>& lock);
  void to_line_start();
  progress write_batch();
  void note(progress how);
  void tell_lost();
  void lose_rest();

  std::function<void(std::string_view)> tell_;
  std::atomic<bool> on_{false};
  std::atomic<log_format> format_{log_format::combined};
  std::atomic<std::uint64_t> lost_{0};

  std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  std::string waiting_;
  std::uint64_t untold_ = 0;  // lost, and not yet said in the log
  std::deque<change> changes_;
  bool reopen_wanted_ = false;
  bool ending_ = false;

  // The thread's own.
  target now_;
  std::string batch_;
  std::size_t written_ = 0;  // of it
  bool failing_ = false;
  std::uint64_t told_ = 0;  // of `lost_`, by `tell`
  std::chrono::steady_clock::time_point tell_again_{};
  std::thread thread_;  // from the first `open` on
};

}  // namespace parley::server_room
