// A line a request, written by a thread of its own so that a slow disk or pipe never stops a loop.
#pragma once

#include "base/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace parley::server_room {

/// What a line tells, in the combined format. Text from the peer is escaped here, so a request cannot forge a line.
struct access_entry {
  std::string_view peer;
  std::chrono::system_clock::time_point time;
  std::string_view method;  // empty: no request could be read
  std::string_view target;
  std::string_view version;
  int status = 0;
  std::uint64_t bytes = 0;
  std::string_view referer;
  std::string_view user_agent;
};

/// Appends the entry's line, with its line feed.
void append_combined(std::string& out, const access_entry& entry);

/// Any thread. What waits to be written is bounded; beyond it lines are dropped and counted, and the log says how many.
class access_log {
 public:
  /// `path`: a file, which is appended to, or `-` for standard output. Throws `std::system_error`.
  explicit access_log(std::string_view path);
  /// Writes what waits.
  ~access_log();
  void write(const access_entry& entry);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  static constexpr std::size_t waiting_limit = 4 * 1024 * 1024;

 private:
  void run();

  base::unique_fd owned_;
  int descriptor_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;
  std::uint64_t untold_ = 0;  // dropped, and not yet said in the log
  bool ending_ = false;
  std::atomic<std::uint64_t> dropped_{0};
  std::thread thread_;
};

}  // namespace parley::server_room
