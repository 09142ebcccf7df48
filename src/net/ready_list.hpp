// What a loop does before it waits: coroutines to resume, then deferred work.
#pragma once

#include "base/function.hpp"

#include <coroutine>
#include <cstddef>
#include <utility>
#include <vector>

namespace parley::net {

/// First in, first out. Keeps its room, so a steady load allocates nothing.
template <class T>
class ring {
 public:
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_; }
  void push(T item) {
    if (count_ == items_.size()) grow();
    items_[(first_ + count_++) & (items_.size() - 1)] = std::move(item);
  }
  [[nodiscard]] T pop() {
    T item = std::move(items_[first_]);
    first_ = (first_ + 1) & (items_.size() - 1);
    --count_;
    return item;
  }

 private:
  void grow() {
    std::vector<T> larger(items_.empty() ? 64 : items_.size() * 2);  // a power of two
    for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(items_[(first_ + i) & (items_.size() - 1)]);
    items_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

class ready_list {
 public:
  void resume_soon(std::coroutine_handle<> coroutine) { coroutines_.push(coroutine); }
  void defer(base::unique_function<void()> work) { deferred_.push(std::move(work)); }
  [[nodiscard]] bool empty() const { return coroutines_.empty() && deferred_.empty(); }

  /// Until both are empty. Coroutines go first, and again after each piece of deferred work.
  void drain() {
    for (;;) {
      while (!coroutines_.empty()) coroutines_.pop().resume();
      if (deferred_.empty()) return;
      base::unique_function<void()> work = deferred_.pop();
      work();
    }
  }

 private:
  ring<std::coroutine_handle<>> coroutines_;
  ring<base::unique_function<void()>> deferred_;
};

}  // namespace parley::net
