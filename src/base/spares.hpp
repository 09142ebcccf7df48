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
    if (gone_ || kept_.objects.empty()) return T();
    T taken = std::move(kept_.objects.back());
    kept_.objects.pop_back();
    return taken;
  }
  static void give(T&& spare) {
    if (!gone_ && kept_.objects.size() < most) kept_.objects.push_back(std::move(spare));
  }

 private:
  struct shelf {
    std::vector<T> objects;
    ~shelf() { gone_ = true; }  // what dies after the thread's own objects finds nothing here
  };
  static inline thread_local shelf kept_;
  static inline constinit thread_local bool gone_ = false;
};

}  // namespace parley::base
