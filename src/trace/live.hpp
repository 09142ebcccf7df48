// The sink that tells of each exchange as soon as it is over, and keeps nothing: for servers that run for months.
#pragma once

#include "engine/observer.hpp"
#include "trace/exchange.hpp"

#include <functional>
#include <mutex>

namespace parley::trace {

/// Any thread; the loops of a server share one, and `tell` is called by one of them at a time.
class live final : public engine::observer {
 public:
  explicit live(std::function<void(const exchange&)> tell);
  void observe(const engine::observation& seen) noexcept override;
  /// Tells of what is still under way.
  void flush();

 private:
  std::mutex mutex_;
  exchange_folder folder_;
};

}  // namespace parley::trace
