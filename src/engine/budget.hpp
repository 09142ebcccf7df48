// What a peer may do only so often: resets, frames that bring nothing forward.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley::engine {

/// Holds `size` tokens at first and at most, and is refilled evenly: all of them within `period`. One point in time is all it keeps, so
/// it needs no timer. A `size` of 0 allows nothing; a `period` of 0 refills at once.
class budget {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using nanoseconds = std::chrono::nanoseconds;

  budget(std::size_t size, std::chrono::milliseconds period)
      : size_(std::clamp<std::uint64_t>(size, 0, most)),
        each_(size_ == 0 ? 0
                         : std::clamp<std::int64_t>(nanoseconds(std::min(period, longest)).count(), 0, INT64_MAX) /
                               static_cast<std::int64_t>(size_)) {}

  /// Takes `n` tokens, or none of them: false means that the peer has done too much. Times never go back.
  [[nodiscard]] bool spend(time_point now, std::size_t n = 1) {
    if (n > size_) return false;
    // When it would be full again.
    const time_point full = std::max(full_at_, now) + nanoseconds(each_ * static_cast<std::int64_t>(n));
    if (full - now > nanoseconds(each_ * static_cast<std::int64_t>(size_))) return false;
    full_at_ = full;
    return true;
  }

  /// How many tokens are there now.
  [[nodiscard]] std::size_t left(time_point now) const {
    if (each_ == 0 || full_at_ <= now) return static_cast<std::size_t>(size_);
    const auto missing = static_cast<std::uint64_t>(((full_at_ - now).count() + each_ - 1) / each_);
    return static_cast<std::size_t>(size_ - std::min(missing, size_));
  }

 private:
  // So that no product overflows.
  static constexpr std::uint64_t most = 1'000'000'000;
  static constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);

  std::uint64_t size_;
  std::int64_t each_;  // nanoseconds for one token
  time_point full_at_ = time_point::min();
};

}  // namespace parley::engine
