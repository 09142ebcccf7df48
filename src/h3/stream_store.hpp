// The streams of a connection by their ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "h3/stream.hpp"

namespace parley::h3 {

/// Looks up in constant time, whatever ids the peer chooses within its bound of streams; streams stay where they are, and are used again.
class stream_store {
 public:
  /// `seed`: unknown to the peer, so that it cannot choose ids that fall together.
  explicit stream_store(std::uint64_t seed = 0) : multiplier_(0x9e3779b97f4a7c15 + 2 * seed) {}
  stream_store(const stream_store&) = delete;
  stream_store& operator=(const stream_store&) = delete;
  ~stream_store();

  /// Null when there is none.
  [[nodiscard]] stream* find(engine::stream_id id) const {
    if (size_ == 0) return nullptr;
    for (std::size_t i = place_of(id);; i = (i + 1) & mask_) {
      const slot& s = slots_[i];
      if (s.id == id) return s.at;
      if (s.id == 0) return nullptr;
    }
  }
  /// A stream as new; `id` must not be there, and is not 0.
  stream& open(engine::stream_id id);
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
  [[nodiscard]] std::vector<engine::stream_id> ids() const;
  /// Bytes of memory held, but for what the streams' content takes.
  [[nodiscard]] std::size_t memory() const { return slots_.capacity() * sizeof(slot) + (size_ + spare_.size()) * sizeof(stream); }
  /// Gives back what a connection without streams does not need.
  void rest();

 private:
  struct slot {
    engine::stream_id id = 0;
    stream* at = nullptr;
  };
  [[nodiscard]] std::size_t place_of(engine::stream_id id) const {
    return static_cast<std::size_t>(id * multiplier_ >> 40) & mask_;
  }
  void insert(engine::stream_id id, stream* at);
  void grow();

  std::uint64_t multiplier_;  // odd
  std::vector<slot> slots_;   // a power of two of them, at most half in use
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<stream>> spare_;
};

}  // namespace parley::h3
