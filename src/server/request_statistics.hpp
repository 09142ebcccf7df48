// How many requests of which kind a loop answered, and how long they took.
#pragma once

#include "base/counter.hpp"

#include <parley/method.hpp>
#include <parley/version.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley::server_room {

/// Of one loop: only its thread counts, any thread reads.
class request_statistics {
 public:
  static constexpr std::size_t methods = 10;  // method::id
  static constexpr std::size_t versions = 5;  // parley::version
  static constexpr std::size_t classes = 5;   // 1xx to 5xx
  /// Upper bounds of the histogram's buckets, in microseconds; one more is for all above.
  static constexpr std::array<std::uint64_t, 14> bounds{500,     1'000,   2'500,   5'000,     10'000,    25'000,    50'000,
                                                        100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

  /// `took` below 0: nobody knows.
  void add(method::id m, version v, int status, std::chrono::nanoseconds took) {
    const auto group = static_cast<std::size_t>(status / 100 - 1);
    if (group < classes) requests_[index(static_cast<std::size_t>(m), static_cast<std::size_t>(v), group)].add();
    if (took.count() < 0) return;
    const auto micros = static_cast<std::uint64_t>(took.count() / 1000);
    std::size_t at = 0;
    while (at < bounds.size() && micros > bounds[at]) ++at;
    buckets_[at].add();
    micros_.add(micros);
  }

  [[nodiscard]] std::uint64_t requests(std::size_t m, std::size_t v, std::size_t group) const {
    return requests_[index(m, v, group)].value();
  }
  /// Of one bucket alone.
  [[nodiscard]] std::uint64_t in_bucket(std::size_t at) const { return buckets_[at].value(); }
  [[nodiscard]] std::uint64_t micros() const { return micros_.value(); }

 private:
  static constexpr std::size_t index(std::size_t m, std::size_t v, std::size_t group) {
    return (m * versions + v) * classes + group;
  }

  std::array<base::counter, methods * versions * classes> requests_;
  std::array<base::counter, bounds.size() + 1> buckets_;
  base::counter micros_;
};

}  // namespace parley::server_room
