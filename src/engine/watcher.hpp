// An engine's end of the observer: one branch when nobody looks.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "engine/observer.hpp"

namespace parley::engine {

class watcher {
 public:
  void attach(observer* sink, std::uint64_t connection) {
    sink_ = sink;
    connection_ = connection;
  }

  /// Whether anybody looks: ask before building anything that costs.
  explicit operator bool() const { return sink_ != nullptr; }

  template <class What>
  void operator()(std::chrono::steady_clock::time_point time, stream_id stream, What&& what) const {
    if (sink_ != nullptr) [[unlikely]] {
      sink_->observe({.time = time, .connection = connection_, .stream = stream, .what = std::forward<What>(what)});
    }
  }

 private:
  observer* sink_ = nullptr;
  std::uint64_t connection_ = 0;
};

}  // namespace parley::engine
