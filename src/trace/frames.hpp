// The frames of HTTP/2 as text for a person, a line each.
#pragma once

#include "trace/recorded.hpp"
#include "trace/timeline.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace parley::trace {

/// The frames of a client's connections in the order in which they came and went. DATA of one stream, one behind the other, are one
/// line, so that a large file does not fill memory.
class frame_list {
 public:
  /// Keeps up to `capacity` lines; what comes later is counted.
  explicit frame_list(std::size_t capacity = 100'000) : capacity_(capacity) {}
  void add(const recorded& one);
  [[nodiscard]] bool empty() const { return frames_.empty(); }
  void clear();
  /// Times are counted from `start`, as in the exchange's timeline.
  [[nodiscard]] std::string lines(time_point start, const look& how) const;

 private:
  std::size_t capacity_;
  std::vector<recorded> frames_;
  std::uint64_t dropped_ = 0;
};

/// One frame, for a server that shows them as they come: `connection 3 → HEADERS ...`.
[[nodiscard]] std::string frame_line(const recorded& one, const look& how);

/// Calls `tell` with each frame. On the loops' threads, one at a time.
class frame_watch final : public engine::observer {
 public:
  explicit frame_watch(std::function<void(const recorded&)> tell) : tell_(std::move(tell)) {}
  void observe(const engine::observation& seen) noexcept override;

 private:
  std::mutex mutex_;
  std::function<void(const recorded&)> tell_;
};

}  // namespace parley::trace
