// Time as an interface, so that tests own it.
#pragma once

#include <chrono>

namespace parley::base {

/// For deadlines and durations; never goes back.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;
/// For Date fields, expiry and logs; may be set by the administrator.
using wall_time = std::chrono::sys_time<std::chrono::nanoseconds>;

class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual time_point now() const = 0;
  [[nodiscard]] virtual wall_time wall_now() const = 0;
};

/// The machine's clocks.
clock& system_clock();

/// A clock that moves only when it is told to.
class manual_clock final : public clock {
 public:
  explicit manual_clock(wall_time wall = wall_time{std::chrono::seconds{784'111'777}}) : wall_(wall) {}
  [[nodiscard]] time_point now() const override { return now_; }
  [[nodiscard]] wall_time wall_now() const override { return wall_; }
  void advance(duration d) {
    now_ += d;
    wall_ += std::chrono::duration_cast<std::chrono::nanoseconds>(d);
  }

 private:
  time_point now_{std::chrono::hours{1}};
  wall_time wall_;
};

}  // namespace parley::base
