// HTTP dates (RFC 9110 §5.6.7).
#pragma once

#include <parley/config.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// The length of the preferred format, IMF-fixdate.
inline constexpr std::size_t date_length = 29;

/// Writes `Sun, 06 Nov 1994 08:49:37 GMT` at `out`, which has room for `date_length` bytes, without a final NUL; the end of it.
/// Years outside of 0 to 9999 are clamped.
PARLEY_API char* write_date(char* out, std::chrono::sys_seconds time);
/// The same as a string.
[[nodiscard]] PARLEY_API std::string format_date(std::chrono::sys_seconds time);

/// The time that any of the three formats says: IMF-fixdate, RFC 850, asctime; nothing when it is none of them exactly, or no real
/// day or time. A leap second counts as the second after it. `now` places the two-digit years of RFC 850: more than 50 years ahead
/// means the past century.
[[nodiscard]] PARLEY_API std::optional<std::chrono::sys_seconds> parse_date(std::string_view text, std::chrono::sys_seconds now);

}  // namespace parley
