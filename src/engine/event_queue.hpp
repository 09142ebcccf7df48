// Events that wait to be taken: a small ring, whose memory is there only while its connection is busy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/spares.hpp"
#include "engine/events.hpp"

namespace parley::engine {

class event_queue {
 public:
  /// One of the kinds of events, moved into its place.
  template <class Event>
  void push(Event&& e) {
    next_place().template emplace<std::remove_cvref_t<Event>>(std::forward<Event>(e));
    ++count_;
  }
  /// One with nothing in it, to be filled where it lies until the queue is used again.
  template <class Event>
  [[nodiscard]] Event& add() {
    Event& e = next_place().template emplace<Event>();
    ++count_;
    return e;
  }
  /// Takes the last one back.
  void take_back() {
    --count_;
    next_place() = {};
  }

  std::optional<event> pop() {
    if (count_ == 0) return std::nullopt;
    std::optional<event> e(std::move(ring_[first_]));
    first_ = static_cast<std::uint32_t>((first_ + 1) & (ring_.size() - 1));
    --count_;
    return e;
  }

  /// Gives the memory back when nothing waits.
  void rest() {
    if (count_ != 0 || ring_.empty()) return;
    first_ = 0;  // the ring that comes next may be smaller
    base::spares<std::vector<event>>::give(std::exchange(ring_, {}));
  }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  event& next_place() {
    if (count_ == ring_.size()) grow();
    return ring_[(first_ + count_) & (ring_.size() - 1)];
  }
  void grow() {
    if (ring_.empty()) {
      ring_ = base::spares<std::vector<event>>::take();
      if (!ring_.empty()) return;
    }
    std::vector<event> larger(ring_.empty() ? 4 : ring_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(ring_[(first_ + i) & (ring_.size() - 1)]);
    ring_ = std::move(larger);
    first_ = 0;
  }

  std::vector<event> ring_;  // its size is a power of two
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace parley::engine
