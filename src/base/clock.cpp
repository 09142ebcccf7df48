#include "base/clock.hpp"

namespace parley::base {
namespace {

class machine_clock final : public clock {
 public:
  [[nodiscard]] time_point now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] wall_time wall_now() const override {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace

clock& system_clock() {
  static machine_clock instance;
  return instance;
}

}  // namespace parley::base
