// The push ids that a client has given away, and what became of them (RFC 9114 §4.6, §7.2.7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::h3 {

/// So many ids at once are allowed; the window moves on when its first ids are done with.
class push_ids {
 public:
  explicit push_ids(std::size_t at_once) : at_once_(at_once) {}

  /// One behind the last id that may be used now; what MAX_PUSH_ID says is one less.
  [[nodiscard]] std::uint64_t end() const { return base_ + at_once_; }
  /// Below it nobody knows any more how an id was used.
  [[nodiscard]] std::uint64_t base() const { return base_; }
  /// What `MAX_PUSH_ID` said last, and one.
  std::uint64_t announced = 0;

  [[nodiscard]] bool streamed(std::uint64_t id) const { return has(id, stream_came); }
  [[nodiscard]] bool cancelled(std::uint64_t id) const { return has(id, was_cancelled); }
  /// Its push stream has come; `id` is below `end()`.
  void set_streamed(std::uint64_t id) { set(id, stream_came); }
  /// Either side has given it up.
  void set_cancelled(std::uint64_t id) { set(id, was_cancelled); }

 private:
  enum flag : std::uint8_t { stream_came = 1, was_cancelled = 2 };

  [[nodiscard]] bool has(std::uint64_t id, flag f) const {
    return id >= base_ && id - base_ < flags_.size() && (flags_[static_cast<std::size_t>(id - base_)] & f) != 0;
  }
  void set(std::uint64_t id, flag f) {
    if (id < base_ || id >= end()) return;
    const auto at = static_cast<std::size_t>(id - base_);
    if (at >= flags_.size()) flags_.resize(at + 1);
    flags_[at] = static_cast<std::uint8_t>(flags_[at] | f);
    std::size_t done = 0;
    while (done < flags_.size() && flags_[done] != 0) ++done;
    base_ += done;
    flags_.erase(flags_.begin(), flags_.begin() + static_cast<std::ptrdiff_t>(done));
  }

  std::size_t at_once_;
  std::uint64_t base_ = 0;
  std::vector<std::uint8_t> flags_;  // from base_ on
};

}  // namespace parley::h3
