// Known field names as small integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "semantics/field_name_list.hpp"

namespace parley::semantics {

enum class field_id : std::uint16_t {
  unknown = 0,
#define PARLEY_FIELD_ID(identifier, text) identifier,
  PARLEY_FIELD_NAMES(PARLEY_FIELD_ID)
#undef PARLEY_FIELD_ID
      count_  // how many, `unknown` included; no field
};

inline constexpr std::size_t field_id_count = static_cast<std::size_t>(field_id::count_);

/// The id of a name, without regard to case; `unknown` for all others. A known name is a valid token, needing no further check.
[[nodiscard]] field_id find_field_name(std::string_view name) noexcept;

/// `content-type`, as HTTP/2 and 3 write it; empty for `unknown`. Static.
[[nodiscard]] std::string_view name_of(field_id id) noexcept;
/// `Content-Type`, as HTTP/1 writes it; empty for `unknown`. Static.
[[nodiscard]] std::string_view canonical_name_of(field_id id) noexcept;

}  // namespace parley::semantics
