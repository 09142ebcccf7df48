// The sink that keeps what it sees.
#pragma once

#include "engine/observer.hpp"
#include "trace/recorded.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace parley::trace {

/// Keeps observations as values, in order. Any thread; the loops of a server may share one.
///
/// Runs of reads, writes and content become one record each, so what it keeps grows with the number of exchanges and not with
/// their size; and it keeps no content. When full, what comes later is counted and dropped.
class recorder final : public engine::observer {
 public:
  /// Frames (of HTTP/2) are kept only when asked for, but for RST_STREAM: there can be very many.
  explicit recorder(std::size_t capacity = 100'000, bool frames = false) : capacity_(capacity), frames_(frames) {}

  void observe(const engine::observation& seen) noexcept override;

  /// A copy of what is there.
  [[nodiscard]] std::vector<recorded> records() const;
  /// Gives what is there and begins anew.
  [[nodiscard]] std::vector<recorded> take();
  /// How many did not find room.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  bool extend_run(const recorded& one);

  mutable std::mutex mutex_;
  std::size_t capacity_;
  const bool frames_;
  std::vector<recorded> records_;
  std::vector<std::size_t> runs_;  // indexes of bytes and content that may still grow
  std::uint64_t dropped_ = 0;
};

}  // namespace parley::trace
