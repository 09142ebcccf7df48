// The streams of a connection by their ids, in the versions that have many (HTTP/2 and 3).
#pragma once

#include "base/spares.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace parley::engine {

/// Looks up in constant time, whatever ids the peer chooses within its bound of streams; streams stay where they are, and are used again.
/// A Stream has an `id`, 0 when it has none, and is as new by default.
template <class Stream>
class stream_store {
 public:
  using id_type = decltype(Stream::id);

  /// `seed`: unknown to the peer, so that it cannot choose ids that fall together.
  explicit stream_store(std::uint64_t seed = 0) : multiplier_(0x9e3779b97f4a7c15 + 2 * seed) {}
  stream_store(const stream_store&) = delete;
  stream_store& operator=(const stream_store&) = delete;
  ~stream_store();

  /// Null when there is none.
  [[nodiscard]] Stream* find(id_type id) const {
    if (size_ == 0) return nullptr;
    for (std::size_t i = place_of(id);; i = (i + 1) & mask_) {
      const slot& s = slots_[i];
      if (s.id == id) return s.at;
      if (s.id == 0) return nullptr;
    }
  }
  /// A stream as new; `id` must not be there, and is not 0.
  Stream& open(id_type id);
  void close(Stream& s);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Calls `visit(Stream&)` for each, in no particular order. `visit` must not open or close any.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const slot& s : slots_) {
      if (s.id != 0) visit(*s.at);
    }
  }
  /// The ids of all, in ascending order: for what may close some.
  [[nodiscard]] std::vector<id_type> ids() const;
  /// Bytes of memory held, but for what the streams' content takes.
  [[nodiscard]] std::size_t memory() const { return slots_.capacity() * sizeof(slot) + (size_ + spare_.size()) * sizeof(Stream); }
  /// Gives back what a connection without streams does not need.
  void rest();

 private:
  static constexpr std::size_t fewest_slots = 16;
  // How many streams a connection keeps for itself while it is busy.
  static constexpr std::size_t most_spare_streams = 128;

  struct slot {
    id_type id = 0;
    Stream* at = nullptr;
  };
  [[nodiscard]] std::size_t place_of(id_type id) const { return static_cast<std::size_t>(id * multiplier_ >> 40) & mask_; }
  void insert(id_type id, Stream* at);
  void grow();

  std::uint64_t multiplier_;  // odd
  std::vector<slot> slots_;   // a power of two of them, at most half in use
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<Stream>> spare_;
};

template <class Stream>
stream_store<Stream>::~stream_store() {
  for (const slot& s : slots_) {
    if (s.id != 0) delete s.at;
  }
}

template <class Stream>
void stream_store<Stream>::insert(id_type id, Stream* at) {
  std::size_t i = place_of(id);
  while (slots_[i].id != 0) i = (i + 1) & mask_;
  slots_[i] = {id, at};
}

template <class Stream>
void stream_store<Stream>::grow() {
  if (slots_.empty()) slots_ = base::spares<std::vector<slot>>::take();
  if (slots_.empty() || size_ > 0) {
    const auto old = std::exchange(slots_, std::vector<slot>(std::max(fewest_slots, slots_.size() * 2)));
    mask_ = slots_.size() - 1;
    for (const slot& s : old) {
      if (s.id != 0) insert(s.id, s.at);
    }
  }
  mask_ = slots_.size() - 1;
}

template <class Stream>
Stream& stream_store<Stream>::open(id_type id) {
  if (slots_.empty() || size_ * 2 >= slots_.size()) grow();
  std::unique_ptr<Stream> s;
  if (!spare_.empty()) {
    s = std::move(spare_.back());
    spare_.pop_back();
  } else {
    s = base::spares<std::unique_ptr<Stream>>::take();
    if (!s) s = std::make_unique<Stream>();
  }
  s->id = id;
  insert(id, s.get());
  ++size_;
  return *s.release();
}

template <class Stream>
void stream_store<Stream>::close(Stream& s) {
  std::size_t i = place_of(s.id);
  while (slots_[i].id != s.id) i = (i + 1) & mask_;
  std::unique_ptr<Stream> gone(slots_[i].at);
  --size_;
  // What was displaced by it moves up, so that no search ends too early.
  for (std::size_t j = i;;) {
    slots_[i] = {};
    while (true) {
      j = (j + 1) & mask_;
      if (slots_[j].id == 0) {
        std::destroy_at(gone.get());
        std::construct_at(gone.get());
        if (spare_.size() < most_spare_streams) spare_.push_back(std::move(gone));
        return;
      }
      const std::size_t home = place_of(slots_[j].id);
      const bool stays = i <= j ? (i < home && home <= j) : (i < home || home <= j);
      if (!stays) break;
    }
    slots_[i] = slots_[j];
    i = j;
  }
}

template <class Stream>
auto stream_store<Stream>::ids() const -> std::vector<id_type> {
  std::vector<id_type> all;
  all.reserve(size_);
  for_each([&](const Stream& s) { all.push_back(s.id); });
  std::ranges::sort(all);
  return all;
}

template <class Stream>
void stream_store<Stream>::rest() {
  while (!spare_.empty()) {
    base::spares<std::unique_ptr<Stream>>::give(std::move(spare_.back()));
    spare_.pop_back();
  }
  std::vector<std::unique_ptr<Stream>>().swap(spare_);
  if (size_ > 0 || slots_.empty()) return;
  base::spares<std::vector<slot>>::give(std::exchange(slots_, {}));
  mask_ = 0;
}

}  // namespace parley::engine
