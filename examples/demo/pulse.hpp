// The last minute of a server, second by second.
#pragma once

#include <parley/server.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace demo {

/// Requests by HTTP's versions: all, 1, 2, 3.
using by_version = std::array<std::uint64_t, 4>;

/// One look at the server.
struct beat {
  std::uint64_t number = 0;  // the second since the beginning, from 1 on
  std::uint64_t connections = 0;
  by_version requests{};
  std::array<double, 4> rate{};  // requests a second since the look before

  /// `1:02:03`.
  [[nodiscard]] std::string uptime() const;
};

/// Looks only when somebody asks, at most once a second. Any thread.
class pulse {
 public:
  explicit pulse(std::function<std::vector<parley::counter>()> counters) : counters_(std::move(counters)) {}

  /// How it is now.
  beat now();
  /// All looks of the last minute behind that number.
  std::vector<beat> since(std::uint64_t number);

 private:
  void look();

  std::function<std::vector<parley::counter>()> counters_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::deque<beat> beats_;
  std::chrono::steady_clock::time_point looked_;
};

}  // namespace demo
