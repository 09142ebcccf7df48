// The streams of a connection, and how those that are gone were closed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/stream_store.hpp"
#include "h2/stream.hpp"

namespace parley::h2 {

using stream_store = engine::stream_store<stream>;

/// How streams that are gone were closed, as far back as it matters: the last ones of a connection (RFC 9113 §5.1).
class closed_streams {
 public:
  void add(std::uint32_t id, stream_state how) {
    if (last_ == nullptr) [[unlikely]]
      last_ = std::make_unique<list>();
    last_->ids[last_->next] = id;
    last_->how[last_->next] = how;
    last_->next = (last_->next + 1) % kept;
  }
  /// `idle` when it is not known.
  [[nodiscard]] stream_state find(std::uint32_t id) const {
    for (std::size_t i = 0; last_ != nullptr && i < kept; ++i) {
      if (last_->ids[i] == id) return last_->how[i];
    }
    return stream_state::idle;
  }
  /// All of it is too long ago.
  void forget() { last_.reset(); }
  [[nodiscard]] std::size_t memory() const { return last_ != nullptr ? sizeof(list) : 0; }

 private:
  static constexpr std::size_t kept = 128;
  struct list {
    std::array<std::uint32_t, kept> ids{};
    std::array<stream_state, kept> how{};
    std::size_t next = 0;
  };
  std::unique_ptr<list> last_;
};

}  // namespace parley::h2
