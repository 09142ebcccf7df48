#include "client/dial_watch.hpp"

#include <variant>

namespace parley::fetching {

namespace {

bool of_an_end(const engine::observation& seen) {
  if (const auto* handshake = std::get_if<engine::observed_handshake>(&seen.what)) {
    return !handshake->done || !handshake->error.empty();
  }
  return std::holds_alternative<engine::observed_error>(seen.what) || std::holds_alternative<engine::observed_close>(seen.what);
}

}  // namespace

void dial_watch::observe(const engine::observation& seen) noexcept {
  if (*sink_ == nullptr || (!taken_ && of_an_end(seen))) return;
  (*sink_)->observe(seen);
}

}  // namespace parley::fetching
