#include "trace/live.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace parley::trace {

live::live(std::function<void(const exchange&)> tell) : folder_([tell = std::move(tell)](exchange&& whole) { tell(whole); }) {}

void live::observe(const engine::observation& seen) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    folder_.add(record(seen));
  } catch (const std::exception&) {
    // No memory, or nowhere to write: watching must not end the session.
  }
}

void live::flush() {
  const std::lock_guard lock(mutex_);
  folder_.flush(std::chrono::steady_clock::now());
}

}  // namespace parley::trace
