// Strict reading of digits, fast writing of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.hpp"

namespace parley::base {

/// One or more decimal digits and nothing else; nothing when it is something else or does not fit 64 bits. Leading zeros count
/// as digits.
constexpr std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// One or more hexadecimal digits, of either case, and nothing else; nothing when it is something else or does not fit 64 bits.
constexpr std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    const int digit = hex_value(c);
    if (digit < 0 || value > UINT64_MAX >> 4) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(digit);
  }
  return value;
}

/// The most digits that a 64-bit number takes.
inline constexpr std::size_t max_decimal_digits = 20;
inline constexpr std::size_t max_hex_digits = 16;

/// Writes `value` without leading zeros at `out`, which has room for `max_decimal_digits`; the end of what was written.
char* write_decimal(char* out, std::uint64_t value);
/// The same in lower-case hexadecimal, at most `max_hex_digits`.
char* write_hex(char* out, std::uint64_t value);

inline void append_decimal(std::string& out, std::uint64_t value) {
  char digits[max_decimal_digits];
  out.append(digits, write_decimal(digits, value));
}
inline void append_hex(std::string& out, std::uint64_t value) {
  char digits[max_hex_digits];
  out.append(digits, write_hex(digits, value));
}

}  // namespace parley::base
