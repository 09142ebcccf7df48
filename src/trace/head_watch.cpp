#include "trace/head_watch.hpp"

#include <exception>

namespace parley::trace {

void head_watch::observe(const engine::observation& seen) noexcept {
  if (!std::holds_alternative<engine::observed_head>(seen.what)) return;
  try {
    tell_(std::get<head_step>(record(seen).what));
  } catch (const std::exception&) {
    // No memory, or nowhere to write: watching must not end the session.
  }
}

}  // namespace parley::trace
