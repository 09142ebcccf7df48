#include "net/timer_queue.hpp"

#include <algorithm>

namespace parley::net {
namespace {

constexpr std::size_t heap_arity = 4;

}  // namespace

void timer_queue::arm(timer& t, time_point when) {
  if (!t.armed_) ++armed_;
  t.armed_ = true;
  t.when_ = when;
  if (t.position_ == timer::nowhere) {
    heap_.emplace_back();
    sift_up(heap_.size() - 1, {when, &t});
  } else if (when < heap_[t.position_].at) {
    sift_up(t.position_, {when, &t});
  }
}

void timer_queue::cancel(timer& t) {
  if (!t.armed_) return;
  t.armed_ = false;
  --armed_;
}

void timer_queue::forget(timer& t) {
  cancel(t);
  if (t.position_ != timer::nowhere) remove(t.position_);
}

std::optional<time_point> timer_queue::next_look() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

std::optional<time_point> timer_queue::next() {
  correct_top(time_point::max());
  return next_look();
}

timer* timer_queue::take_due(time_point now) {
  correct_top(now);
  if (heap_.empty() || heap_.front().at > now) return nullptr;
  timer* due = heap_.front().who;
  remove(0);
  cancel(*due);
  return due;
}

/// Until the top is empty, later than `until`, or an entry that stands where it should.
void timer_queue::correct_top(time_point until) {
  while (!heap_.empty() && heap_.front().at <= until) {
    timer& t = *heap_.front().who;
    if (!t.armed_) {
      remove(0);
    } else if (t.when_ > heap_.front().at) {
      sift_down(0, {t.when_, &t});
    } else {
      return;
    }
  }
}

void timer_queue::place(std::size_t position, entry e) {
  heap_[position] = e;
  e.who->position_ = static_cast<std::uint32_t>(position);
}

void timer_queue::sift_up(std::size_t position, entry e) {
  while (position > 0) {
    const std::size_t parent = (position - 1) / heap_arity;
    if (heap_[parent].at <= e.at) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, e);
}

void timer_queue::sift_down(std::size_t position, entry e) {
  for (;;) {
    const std::size_t first = position * heap_arity + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + heap_arity, heap_.size());
    std::size_t least = first;
    for (std::size_t i = first + 1; i < end; ++i) {
      if (heap_[i].at < heap_[least].at) least = i;
    }
    if (e.at <= heap_[least].at) break;
    place(position, heap_[least]);
    position = least;
  }
  place(position, e);
}

void timer_queue::remove(std::size_t position) {
  heap_[position].who->position_ = timer::nowhere;
  const entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position > 0 && last.at < heap_[(position - 1) / heap_arity].at) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

}  // namespace parley::net
