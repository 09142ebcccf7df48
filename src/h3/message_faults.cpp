#include "h3/message_faults.hpp"

#include <array>
#include <utility>

#include "h3/violations.hpp"

namespace parley::h3 {

namespace {

// The same rule in RFC 9114.
std::string_view section_here(std::string_view section) {
  static constexpr std::pair<std::string_view, std::string_view> same[] = {
      {"RFC 9113 §8.1", "RFC 9114 §4.1"},     {"RFC 9113 §8.1.1", "RFC 9114 §4.1.2"},  {"RFC 9113 §8.2", "RFC 9114 §4.2"},
      {"RFC 9113 §8.2.1", "RFC 9114 §4.2"},   {"RFC 9113 §8.2.2", "RFC 9114 §4.2"},    {"RFC 9113 §8.3", "RFC 9114 §4.3"},
      {"RFC 9113 §8.3.1", "RFC 9114 §4.3.1"}, {"RFC 9113 §8.3.2", "RFC 9114 §4.3.2"},  {"RFC 9113 §8.5", "RFC 9114 §4.4"},
      {"RFC 9113 §8.6", "RFC 9114 §4.5"},     {"RFC 9113 §10.5.1", "RFC 9114 §4.2.2"}, {"RFC 8441 §4", "RFC 9220 §3"},
  };
  for (const auto& [there, here] : same) {
    if (section == there) return here;
  }
  return section;
}

}  // namespace

engine::protocol_error stream_error(const semantics::malformed& fault) {
  return {.scope = engine::error_scope::stream,
          .status = fault.status == 400 ? 0 : fault.status,
          .code = static_cast<std::uint32_t>(fault.too_large ? error_code::excessive_load : error_code::message_error),
          .name = fault.name,
          .message = fault.message,
          .section = section_here(fault.section),
          .limit = fault.limit};
}

engine::protocol_error connection_error(const fieldcode::qpack_error& error) {
  return {.scope = engine::error_scope::connection,
          .status = 0,
          .code = static_cast<std::uint32_t>(error.code),
          .name = error.name,
          .message = error.message,
          .section = error.section,
          .limit = {}};
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

}  // namespace parley::h3
