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
  friend class epoll_loop;
  friend class memory_loop;
  /// The loop is about to be destroyed: no post is under way when this returns, and none succeeds later.
  void retire() const;

  struct state;
  std::shared_ptr<state> state_;
};

/// A piece of work that another thread does for this thread's loop, with its way back. As long as it is not finished,
/// `run_until_idle` waits for it. Copies stand for the same piece.
class errand {
 public:
  /// Begins one for `loop::current()`, which must be.
  errand();
  /// Begins one for this loop, on its thread.
  explicit errand(loop& on);
  /// Ends it: runs `work` on the loop's thread, soon. When the loop is gone, `work` is dropped. Any thread, once.
  void finish(base::unique_function<void()> work) const;
  /// Ends it when nobody has taken it up. On the loop's thread, instead of `finish`.
  void drop() const;

 private:
  loop* on_;  // for its thread only
  remote back_;
};

}  // namespace parley::net
