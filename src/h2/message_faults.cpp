#include "h2/message_faults.hpp"

#include <array>

#include "h2/frame.hpp"
#include "h2/violations.hpp"

namespace parley::h2 {

engine::protocol_error stream_error(const semantics::malformed& fault) {
  return {.scope = engine::error_scope::stream,
          .status = fault.status == 400 ? 0 : fault.status,
          .code = static_cast<std::uint32_t>(error_code::protocol_error),
          .name = fault.name,
          .message = fault.message,
          .section = fault.section,
          .limit = fault.limit};
}

std::span<const engine::protocol_error* const> all_faults() {
  struct list {
    std::array<engine::protocol_error, std::size(semantics::fault::all)> messages;
    std::array<const engine::protocol_error*, std::size(semantics::fault::all) + std::size(violation::all)> all{};
    list() {
      std::size_t n = 0;
      for (const auto* v : violation::all) all[n++] = v;
      for (std::size_t i = 0; i < messages.size(); ++i) {
        messages[i] = stream_error(*semantics::fault::all[i]);
        all[n++] = &messages[i];
      }
    }
  };
  static const list faults;
  return faults.all;
}

}  // namespace parley::h2
