// The sink that shows each head the moment it is on the wire, and one that feeds several sinks.
#pragma once

#include "engine/observer.hpp"
#include "trace/recorded.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace parley::trace {

/// Calls `tell` with each head, sent or received. On the loop's thread.
class head_watch final : public engine::observer {
 public:
  explicit head_watch(std::function<void(const head_step&)> tell) : tell_(std::move(tell)) {}
  void observe(const engine::observation& seen) noexcept override;

 private:
  std::function<void(const head_step&)> tell_;
};

class fan_out final : public engine::observer {
 public:
  void add(engine::observer* sink) { sinks_.push_back(sink); }
  void observe(const engine::observation& seen) noexcept override {
    for (engine::observer* sink : sinks_) sink->observe(seen);
  }

 private:
  std::vector<engine::observer*> sinks_;
};

}  // namespace parley::trace
