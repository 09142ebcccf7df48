// What a field's name in HTTP/2 and HTTP/3 is, as a small integer that decompression tables keep beside the name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "semantics/field_name.hpp"

namespace parley::semantics {

/// A known regular field (the value of its `field_id`), another valid one (0), a pseudo-field, or no valid name at all.
using name_tag = std::uint16_t;

/// RFC 9113 §8.3, RFC 9114 §4.3, RFC 8441 §4; `unknown` is any other name that begins with a colon.
enum class pseudo_field : std::uint8_t { method, scheme, authority, path, status, protocol, unknown };

/// A valid lower-case name that is not a known one.
inline constexpr name_tag other_name = 0;
inline constexpr name_tag first_pseudo_tag = 0x100;
inline constexpr name_tag first_invalid_tag = 0x200;
/// A name with an upper-case letter, which would be valid otherwise (RFC 9113 §8.2.1).
inline constexpr name_tag uppercase_name = first_invalid_tag;
/// An empty name, or one with a byte that no token has.
inline constexpr name_tag invalid_name = first_invalid_tag + 1;

constexpr name_tag tag_of(field_id id) { return static_cast<name_tag>(id); }
constexpr name_tag tag_of(pseudo_field f) { return static_cast<name_tag>(first_pseudo_tag + static_cast<unsigned>(f)); }
static_assert(field_id_count <= first_pseudo_tag);

/// The tag of a name as it came over the wire.
[[nodiscard]] name_tag tag_of(std::string_view name) noexcept;

/// `:method`; empty for `unknown`. Static.
[[nodiscard]] std::string_view name_of(pseudo_field f) noexcept;

}  // namespace parley::semantics
