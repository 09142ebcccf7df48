// Flow control (RFC 9113 §5.2, §6.9): what we may still send, and what the peer may still send.
#pragma once

#include <algorithm>
#include <cstdint>

#include "h2/frame.hpp"

namespace parley::h2 {

/// What the peer allows us. Below zero after its SETTINGS_INITIAL_WINDOW_SIZE was lowered (RFC 9113 §6.9.2).
class send_window {
 public:
  explicit send_window(std::int64_t initial = default_window) : left_(initial) {}
  /// False when that would open it beyond 2^31-1.
  [[nodiscard]] bool open(std::int64_t by) {
    if (left_ + by > largest_window) return false;
    left_ += by;
    return true;
  }
  void use(std::uint64_t n) { left_ -= static_cast<std::int64_t>(n); }
  /// Never below 0.
  [[nodiscard]] std::uint64_t left() const { return left_ > 0 ? static_cast<std::uint64_t>(left_) : 0; }
  [[nodiscard]] std::int64_t value() const { return left_; }

 private:
  std::int64_t left_;
};

/// What we allow the peer: as much as makes what waits for its reader, and what may still come, `target` bytes together.
class receive_window {
 public:
  receive_window(std::int64_t initial, std::int64_t target) : left_(initial), target_(target) {}

  /// Content, with its padding, has come. False: the peer was not allowed so much.
  [[nodiscard]] bool take(std::int64_t n) {
    if (n > left_) return false;
    left_ -= n;
    unread_ += n;
    return true;
  }
  /// The reader has taken it, or nobody will.
  void consume(std::int64_t n) { unread_ -= std::min(n, unread_); }
  /// The credit that is to be announced now, 0 where waiting for more is better: when half of the window can be given back.
  [[nodiscard]] std::uint32_t due() const {
    const std::int64_t owed = target_ - unread_ - left_;
    return owed > 0 && owed >= target_ / 2 ? static_cast<std::uint32_t>(owed) : 0;
  }
  void announced(std::uint32_t n) { left_ += n; }
  /// By our SETTINGS, which the peer has acknowledged.
  void shift(std::int64_t by) { left_ += by; }
  void target(std::int64_t t) { target_ = t; }
  [[nodiscard]] std::int64_t target() const { return target_; }
  [[nodiscard]] std::int64_t left() const { return left_; }
  [[nodiscard]] std::int64_t unread() const { return unread_; }

 private:
  std::int64_t left_;
  std::int64_t target_;
  std::int64_t unread_ = 0;
};

}  // namespace parley::h2
