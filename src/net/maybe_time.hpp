// A point in time or none, in the room of a point.
#pragma once

#include <chrono>

namespace parley::net {

class maybe_time {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  maybe_time() = default;
  maybe_time(time_point at) : at_(at) {}  // NOLINT: as std::optional does
  [[nodiscard]] explicit operator bool() const { return at_ != none; }
  [[nodiscard]] time_point operator*() const { return at_; }
  void reset() { at_ = none; }

 private:
  static constexpr time_point none = time_point::max();
  time_point at_ = none;
};

}  // namespace parley::net
