// What a QUIC connection shows while nobody knows yet whether it will be used.
#pragma once

#include "engine/observer.hpp"

namespace parley::fetching {

/// Holds back how an attempt ends: that is one step of a connection's coming about, which goes on, and the connector tells it.
class dial_watch final : public engine::observer {
 public:
  /// What `sink` points to may become null.
  explicit dial_watch(engine::observer* const* sink) : sink_(sink) {}
  void observe(const engine::observation& seen) noexcept override;
  /// It is used from now on: all is shown.
  void taken() { taken_ = true; }

 private:
  engine::observer* const* sink_;
  bool taken_ = false;
};

}  // namespace parley::fetching
