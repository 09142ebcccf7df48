// A number that one thread counts up and any thread may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace parley::base {

/// Adding is a load and a store, not a locked instruction: so only the owning thread adds.
class counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  /// Any thread.
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace parley::base
