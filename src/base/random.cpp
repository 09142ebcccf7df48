#include "base/random.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace parley::base {
namespace {

class kernel_random final : public random_source {
 public:
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      const auto got = ::getrandom(out.data(), out.size(), 0);
      if (got > 0) {
        out = out.subspan(static_cast<std::size_t>(got));
      } else if (got < 0 && errno != EINTR) {
        std::abort();
      }
    }
  }
};

}  // namespace

std::uint64_t random_source::below(std::uint64_t bound) {
  // Draws below 2^64 mod bound would make small results likelier.
  const std::uint64_t unfair = (0 - bound) % bound;
  std::uint64_t value = next();
  while (value < unfair) value = next();
  return value % bound;
}

random_source& system_random() {
  static kernel_random instance;
  return instance;
}

void seeded_random::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    // SplitMix64 (Steele, Lea, Flood).
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    const std::size_t count = std::min(out.size(), sizeof mixed);
    std::memcpy(out.data(), &mixed, count);
    out = out.subspan(count);
  }
}

}  // namespace parley::base
