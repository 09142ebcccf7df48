// How long a peer may take: a stall, and a rate that is too low, told by one point in time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parley::engine {

/// A peer has `patience` from the start. Without a least rate any progress gives it the whole of it again. With one, each byte buys the
/// time that it takes at that rate, and no more than `patience` is ever in store: so a peer may stall that long after it was fast, and
/// one that stays below the rate by whatever it is loses its store little by little.
class progress_clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::milliseconds;

  void start(time_point now, duration patience) {
    last_ = now;
    until_ = now + patience;
  }
  /// `rate` in bytes per second; 0: none.
  void progress(std::uint64_t bytes, time_point now, std::uint64_t rate, duration patience) {
    if (bytes == 0) return;
    last_ = now;
    const time_point full = now + patience;
    if (rate == 0 || bytes / rate >= max_seconds) {
      until_ = full;
      return;
    }
    // Up to here neither factor can overflow: rates are far below 2^32, seconds few.
    const std::chrono::nanoseconds bought((bytes / rate) * 1'000'000'000 + (bytes % rate) * 1'000'000'000 / rate);
    until_ = std::min(full, until_ + bought);
  }

  /// When the peer has run out of time.
  [[nodiscard]] time_point until() const { return until_; }
  /// Whether it then had made no progress at all for as long as that may last, or just too little.
  [[nodiscard]] bool stalled(time_point now, duration patience) const { return now >= last_ + patience; }

 private:
  static constexpr std::uint64_t max_seconds = 86'400;
  time_point last_{};
  time_point until_{};
};

}  // namespace parley::engine
