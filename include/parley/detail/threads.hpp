// Ways between loops and other threads. Part of parley/asio.hpp.
#pragma once

#include <parley/config.hpp>

#include <functional>
#include <memory>

namespace parley::detail {

/// From another thread back to the loop that waits for it. Copies stand for the same piece of work.
class PARLEY_API way_back {
 public:
  /// On the loop's thread; the loop counts it as work of its own until it is finished. Throws `std::logic_error` elsewhere.
  way_back();
  /// Runs `work` on the loop's thread, soon; drops it when the loop is gone. Any thread, once.
  void finish(std::move_only_function<void()> work) const;

 private:
  struct state;
  std::shared_ptr<const state> state_;
};

/// Runs `work` on the background loop: one of the process, on a thread of its own that is started at the first use and ends with
/// the process. It may start tasks there. Any thread.
PARLEY_API void post_to_background(std::move_only_function<void()> work);

}  // namespace parley::detail
