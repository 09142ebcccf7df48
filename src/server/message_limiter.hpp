// Keeps messages about what peers do from filling the log: so many of a kind in a while, then none, then how many were left out.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

namespace parley::server_room {

enum class message_kind : std::uint8_t {
  handler,
  storage,
  answer,
  accept,
  limit_connections,
  limit_connections_per_address,
  limit_handshakes_per_address,
};
inline constexpr std::size_t message_kind_count = 7;

/// Any thread. Messages are rare where nobody attacks, so a lock is cheap enough.
class message_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::size_t most = 10;
  static constexpr std::chrono::seconds window{10};

  /// Whether a message of this kind may be said now; how many were left out before it. Nothing: leave it out.
  [[nodiscard]] std::optional<std::uint64_t> ask(message_kind kind, time_point now) {
    const std::lock_guard lock(mutex_);
    state& s = states_[static_cast<std::size_t>(kind)];
    if (!s.known || now >= s.since + window) {
      s.known = true;
      s.since = now;
      s.said = 0;
    }
    if (s.said >= most) {
      ++s.left_out;
      ++all_left_out_;
      return std::nullopt;
    }
    ++s.said;
    const std::uint64_t before = s.left_out;
    s.left_out = 0;
    return before;
  }
  [[nodiscard]] std::uint64_t left_out() {
    const std::lock_guard lock(mutex_);
    return all_left_out_;
  }

 private:
  struct state {
    time_point since{};
    std::size_t said = 0;
    std::uint64_t left_out = 0;
    bool known = false;
  };
  std::mutex mutex_;
  std::array<state, message_kind_count> states_;
  std::uint64_t all_left_out_ = 0;
};

}  // namespace parley::server_room
