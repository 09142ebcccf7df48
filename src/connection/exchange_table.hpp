// The exchanges that are open on a connection, found by their ids: one or a thousand at the same cost.
#pragma once

#include "base/spares.hpp"
#include "engine/events.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace parley::connection {

class exchange;

/// An open-addressed table without tombstones. Ids that follow each other lie beside each other, four to a cache line, so that neither
/// hashing nor luck is needed: a client's are odd and ascending, a server's even and ascending, HTTP/1's one at a time. A peer that
/// leaves gaps to make them collide pays with its own streams: it has no more of them than limits::streams.
///
/// One lies outside of the table, so that HTTP/1, which has one at a time, needs none. The table's memory is there only while something is
/// open (see `rest`).
class exchange_table {
 public:
  using stream_id = engine::stream_id;

  exchange_table() = default;
  exchange_table(const exchange_table&) = delete;
  exchange_table& operator=(const exchange_table&) = delete;

  /// `id` is not 0 and not in it.
  void insert(stream_id id, exchange* x) {
    if (alone_.x == nullptr) {
      alone_ = {id, x};
      return;
    }
    if (count_ * 2 >= entries_.size()) grow();
    put(id, x);
    ++count_;
  }
  [[nodiscard]] exchange* find(stream_id id) const {
    if (alone_.id == id) return alone_.x;
    if (count_ == 0) return nullptr;
    std::size_t at = home(id);
    while (entries_[at].x != nullptr && entries_[at].id != id) at = next(at);
    return entries_[at].x;
  }
  void erase(stream_id id) {
    if (alone_.id == id) {
      alone_ = {};
      return;
    }
    if (count_ == 0) return;
    std::size_t at = home(id);
    while (entries_[at].x != nullptr && entries_[at].id != id) at = next(at);
    if (entries_[at].x == nullptr) return;
    --count_;
    // What lies behind and would not be found over the gap moves into it.
    for (std::size_t other = next(at); entries_[other].x != nullptr; other = next(other)) {
      const std::size_t wanted = home(entries_[other].id);
      if (((other - wanted) & mask()) < ((other - at) & mask())) continue;
      entries_[at] = entries_[other];
      at = other;
    }
    entries_[at] = {};
  }

  [[nodiscard]] bool empty() const { return alone_.x == nullptr && count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_ + (alone_.x != nullptr ? 1 : 0); }

  /// Calls `visit(exchange&)` for each, in no particular order; it must not change the table.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (alone_.x != nullptr) visit(*alone_.x);
    for (const entry& e : entries_) {
      if (e.x != nullptr) visit(*e.x);
    }
  }

  /// When it is empty, its memory goes to the next connection that is busy.
  void rest() {
    if (entries_.empty() || count_ != 0) return;
    if (entries_.size() <= largest_spare) {
      base::spares<std::vector<entry>>::give(std::exchange(entries_, {}));
    } else {
      std::vector<entry>().swap(entries_);
    }
  }

 private:
  struct entry {
    stream_id id = 0;
    exchange* x = nullptr;
  };
  static constexpr std::size_t smallest = 8;         // a power of two, as all sizes are
  static constexpr std::size_t largest_spare = 512;  // 8 KiB: a connection with the streams that limits.hpp allows by default

  [[nodiscard]] std::size_t mask() const { return entries_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  // The lowest bit, which says whose streams they are, becomes the highest: pushed streams lie apart from requested ones.
  [[nodiscard]] std::size_t home(stream_id id) const {
    return (static_cast<std::size_t>(id >> 1) + (id & 1 ? 0 : entries_.size() / 2)) & mask();
  }
  void put(stream_id id, exchange* x) {
    std::size_t at = home(id);
    while (entries_[at].x != nullptr) at = next(at);
    entries_[at] = {id, x};
  }
  void grow() {
    if (entries_.empty()) entries_ = base::spares<std::vector<entry>>::take();  // an empty table, of whatever size
    if (count_ * 2 < entries_.size()) return;
    std::vector<entry> larger(entries_.empty() ? smallest : entries_.size() * 2);
    std::swap(entries_, larger);
    for (const entry& e : larger) {
      if (e.x != nullptr) put(e.id, e.x);
    }
  }

  entry alone_;
  std::vector<entry> entries_;
  std::size_t count_ = 0;  // in `entries_`
};

}  // namespace parley::connection
