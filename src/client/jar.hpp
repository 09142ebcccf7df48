// What is behind a cookie jar that many may share.
#pragma once

#include "semantics/cookie_jar.hpp"

#include <parley/cookie_jar.hpp>
#include <parley/fields.hpp>

#include <mutex>

namespace parley::detail {

class jar_state {
 public:
  jar_state();
  jar_state(const jar_state&) = delete;
  jar_state& operator=(const jar_state&) = delete;

  /// Calls `f` with the jar and the time, while nobody else uses it.
  template <class F>
  auto with(F&& f) {
    const std::lock_guard lock(mutex_);
    return f(jar_, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  }

 private:
  std::mutex mutex_;
  semantics::cookie_jar jar_;
};

}  // namespace parley::detail
