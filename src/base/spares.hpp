// Objects that each thread keeps for reuse, within a bound.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace parley::base {

/// What a connection holds only while it is busy, so that there are as many of them as busy connections, not as connections. T is cheap to
/// move, and its default is empty.
template <class T>
class spares {
 public:
  /// How many a thread keeps.
  static constexpr std::size_t most = 64;

  /// One that was given back, in whatever state it was then; an empty one when there is none.
  [[nodiscard]] static T take() {
    if (kept_ == nullptr || kept_->empty()) return T();
    T taken = std::move(kept_->back());
    kept_->pop_back();
    return taken;
  }
  static void give(T&& spare) {
    if (kept_ == nullptr && !make_shelf()) return;
    if (kept_->size() < most) kept_->push_back(std::move(spare));
  }

 private:
  // Behind a plain pointer: a thread-local object with a destructor would be looked after at every access.
  static bool make_shelf() {
    struct owner {
      std::vector<T> objects;
      ~owner() {  // what dies after the thread's own objects finds nothing here
        kept_ = nullptr;
        gone_ = true;
      }
    };
    if (gone_) return false;
    static thread_local owner shelf;
    kept_ = &shelf.objects;
    return true;
  }
  static inline constinit thread_local std::vector<T>* kept_ = nullptr;
  static inline constinit thread_local bool gone_ = false;
};

}  // namespace parley::base
