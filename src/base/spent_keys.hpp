// What is good only once, on all threads: remembered for a time, within a bound.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_set>

namespace parley::base {

/// Keys must be such that nobody can choose them: parts of what was sealed, or hashes with a secret.
class spent_keys {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  enum class outcome : std::uint8_t { fresh, known, full };

  /// Each key is remembered for `time` at least and for twice that at most, no more than `most` at once.
  spent_keys(std::size_t most, std::chrono::nanoseconds time) : most_(most), time_(time) {}

  /// Whether `key` was not there, and was noted. Any thread; their clocks may differ a little.
  outcome spend(std::uint64_t key, time_point now);
  [[nodiscard]] std::size_t size() const;

 private:
  std::size_t most_;
  std::chrono::nanoseconds time_;
  mutable std::mutex mutex_;
  // Two generations: what is in `old_` is forgotten as a whole.
  std::unordered_set<std::uint64_t> new_;
  std::unordered_set<std::uint64_t> old_;
  time_point turned_{};
};

}  // namespace parley::base
