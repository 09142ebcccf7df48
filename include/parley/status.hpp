// Status codes (RFC 9110 §15 and the IANA registry).
#pragma once

#include <parley/config.hpp>

#include <string_view>

namespace parley {

/// The registered phrase of a status code, such as `Not Found`; empty for a code without one.
[[nodiscard]] PARLEY_API std::string_view reason_phrase(int status);

/// RFC 9110 §15.2: 100 to 199 precede the final response.
[[nodiscard]] constexpr bool is_informational(int status) { return status >= 100 && status < 200; }
/// RFC 9110 §15.5, §15.6: 400 to 599.
[[nodiscard]] constexpr bool is_error(int status) { return status >= 400 && status < 600; }

}  // namespace parley
