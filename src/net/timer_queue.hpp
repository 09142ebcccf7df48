// The armed timers of a loop, earliest first.
#pragma once

#include "net/loop.hpp"

#include <optional>
#include <vector>

namespace parley::net {

/// A 4-ary heap (its levels are few and four children lie in one cache line). An entry may stand earlier than its timer's
/// time, or for a cancelled timer: such entries are corrected when they reach the top. So the timers of a busy connection,
/// which are put off or cancelled at every request, cost two stores and no move in the heap.
class timer_queue {
 public:
  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;

  void arm(timer& t, time_point when);
  void cancel(timer& t);
  /// Takes a timer that is about to be destroyed out.
  void forget(timer& t);

  /// When the next look is due; it may turn out too early. Nothing when the heap is empty.
  [[nodiscard]] std::optional<time_point> next_look() const;
  /// When the next timer fires. Corrects the heap to find it.
  [[nodiscard]] std::optional<time_point> next();
  /// Takes out the next timer that is due at `now`; null when there is none. The caller calls `fire` with it.
  [[nodiscard]] timer* take_due(time_point now);
  static void fire(timer& t) { t.callback_(); }

  [[nodiscard]] std::size_t armed() const { return armed_; }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct entry {
    time_point at;
    timer* who;
  };
  void correct_top(time_point until);
  void place(std::size_t position, entry e);
  void sift_up(std::size_t position, entry e);
  void sift_down(std::size_t position, entry e);
  void remove(std::size_t position);

  std::vector<entry> heap_;
  std::size_t armed_ = 0;
};

}  // namespace parley::net
