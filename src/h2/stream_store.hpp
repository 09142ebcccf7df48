// The streams of a connection by their ids.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "h2/stream.hpp"

namespace parley::h2 {

/// Looks up in constant time, whatever ids the peer chooses within its bound of streams; streams stay where they are, and are used again.
class stream_store {
 public:
  /// `seed`: unknown to the peer, so that it cannot choose ids that fall together.
  explicit stream_store(std::uint64_t seed = 0) : multiplier_(0x9e3779b97f4a7c15 + 2 * seed) {}
  stream_store(const stream_store&) = delete;
  stream_store& operator=(const stream_store&) = delete;
  ~stream_store();

  /// Null when there is none.
  [[nodiscard]] stream* find(std::uint32_t id) const {
    if (size_ == 0) return nullptr;
    for (std::size_t i = place_of(id);; i = (i + 1) & mask_) {
      const slot& s = slots_[i];
      if (s.id == id) return s.at;
      if (s.id == 0) return nullptr;
    }
  }
  /// A stream as new; `id` must not be there, and is not 0.
  stream& open(std::uint32_t id);
  void close(stream& s);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Calls `visit(stream&)` for each, in no particular order. `visit` must not open or close any.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const slot& s : slots_) {
      if (s.id != 0) visit(*s.at);
    }
  }
  /// The ids of all, in ascending order: for what may close some.
  [[nodiscard]] std::vector<std::uint32_t> ids() const;
  /// Bytes of memory held, but for what the streams' content takes.
  [[nodiscard]] std::size_t memory() const { return slots_.capacity() * sizeof(slot) + (size_ + spare_.size()) * sizeof(stream); }
  /// Gives back what a connection without streams does not need.
  void rest();

 private:
  struct slot {
    std::uint32_t id = 0;
    stream* at = nullptr;
  };
  [[nodiscard]] std::size_t place_of(std::uint32_t id) const { return static_cast<std::size_t>(id * multiplier_ >> 40) & mask_; }
  void insert(std::uint32_t id, stream* at);
  void grow();

  std::uint64_t multiplier_;  // odd
  std::vector<slot> slots_;   // a power of two of them, at most half in use
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<stream>> spare_;
};

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
