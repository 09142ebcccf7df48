// How other threads reach a loop that may be gone by then.
#pragma once

#include "base/function.hpp"

#include <memory>

namespace parley::net {

class loop;

/// Any thread; copies are cheap. A thread that works for a loop keeps this instead of a reference to the loop.
class remote {
 public:
  explicit remote(loop& to);
  /// Runs `work` on the loop's thread, soon. False, and `work` is dropped, when the loop is gone.
  bool post(base::unique_function<void()> work) const;

 private:
  friend class loop;
  friend class asio_loop;
  friend class memory_loop;
  /// The loop is about to be destroyed: no post is under way when this returns, and none succeeds later.
  void retire() const;

  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace parley::net
