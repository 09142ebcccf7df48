// The priority of a request (RFC 9218 §4): its field value, in both directions.
#pragma once

#include <parley/fields.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::semantics {

struct priority {
  static constexpr std::uint8_t lowest = 7;

  std::uint8_t urgency = 3;  // 0 is the most urgent (§4.1)
  bool incremental = false;  // of use in pieces (§4.2)

  bool operator==(const priority&) const = default;
};

/// A Priority Field Value: `otherwise` with what the value changes of it. Unknown members, and members of another type or range, are
/// ignored (§4); nothing when the value is no dictionary at all, which in a PRIORITY_UPDATE frame may be an error (§7.1).
[[nodiscard]] std::optional<priority> parse_priority(std::string_view value, priority otherwise = {});

/// The Priority field of a message, its lines together; `otherwise` where there is none or it is no dictionary. For a response,
/// `otherwise` is what the client asked for (§8).
[[nodiscard]] priority priority_of(const parley::fields& f, priority otherwise = {});

/// `u=1, i`; empty for the default.
[[nodiscard]] std::string to_text(priority p);

}  // namespace parley::semantics
