// The sink that shows each head the moment it is on the wire, one that feeds several sinks, and one that looks at the clock.
#pragma once

#include "engine/observer.hpp"
#include "trace/recorded.hpp"

#include <chrono>
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

/// Calls `tell` with the trailers of each message that has some, sent or received. On the loop's thread.
class trailers_watch final : public engine::observer {
 public:
  explicit trailers_watch(std::function<void(const trailers_step&)> tell) : tell_(std::move(tell)) {}
  void observe(const engine::observation& seen) noexcept override;

 private:
  std::function<void(const trailers_step&)> tell_;
};

/// Calls `tell` with how each handshake ended. On the loop's thread.
class handshake_watch final : public engine::observer {
 public:
  explicit handshake_watch(std::function<void(const handshake_step&)> tell) : tell_(std::move(tell)) {}
  void observe(const engine::observation& seen) noexcept override;

 private:
  std::function<void(const handshake_step&)> tell_;
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

/// Gives what it passes on the time of now. A loop looks at its clock once a turn, and what a server does with a request, reading and writing
/// included, is often one turn: by the loop's time it takes none. For real time only.
class clocked final : public engine::observer {
 public:
  explicit clocked(engine::observer& to) : to_(to) {}
  void observe(const engine::observation& seen) noexcept override {
    engine::observation now = seen;
    now.time = std::chrono::steady_clock::now();
    to_.observe(now);
  }

 private:
  engine::observer& to_;
};

}  // namespace parley::trace
