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

void trailers_watch::observe(const engine::observation& seen) noexcept {
  if (!std::holds_alternative<engine::observed_trailers>(seen.what)) return;
  try {
    tell_(std::get<trailers_step>(record(seen).what));
  } catch (const std::exception&) {
    // As above.
  }
}

void handshake_watch::observe(const engine::observation& seen) noexcept {
  const auto* const handshake = std::get_if<engine::observed_handshake>(&seen.what);
  if (handshake == nullptr || !handshake->done) return;
  try {
    tell_(std::get<handshake_step>(record(seen).what));
  } catch (const std::exception&) {
    // As above.
  }
}

}  // namespace parley::trace
