// Dates of cookies, which are read far more loosely than those of other fields (RFC 6265 §5.1.1, the same in 6265bis).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace parley::semantics {

/// What an Expires attribute says; nothing when a day, month, year or time is missing or no such date exists.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_cookie_date(std::string_view text);

}  // namespace parley::semantics
