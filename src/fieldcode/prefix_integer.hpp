// Integers with a prefix of some bits (RFC 7541 §5.1), which HPACK and QPACK share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::fieldcode {

enum class integer_progress : std::uint8_t {
  complete,
  more,      // the bytes end within the integer
  overflow,  // above 2^62 - 1, or more bytes than such a number needs
};

/// The largest integer that is taken: what QPACK needs (RFC 9204 §4.1.1); HPACK's own limits are lower.
inline constexpr std::uint64_t largest_integer = (std::uint64_t{1} << 62) - 1;
/// The most bytes that `encode_integer` writes.
inline constexpr std::size_t integer_bytes = 10;

struct decoded_integer {
  std::uint64_t value = 0;
  /// Behind the integer when it is complete; otherwise null.
  const char* end = nullptr;
  integer_progress progress = integer_progress::more;
};

/// What follows a prefix whose bits are all ones; `p` is behind the prefix's byte, `value` the prefix itself.
[[nodiscard]] constexpr decoded_integer decode_integer_tail(const char* p, const char* end, std::uint64_t value) {
  for (unsigned shift = 0; p != end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*p++);
    if (shift > 56) return {0, nullptr, integer_progress::overflow};
    value += static_cast<std::uint64_t>(byte & 0x7f) << shift;  // at most 2^63 + 2^8: never wraps
    if ((byte & 0x80) != 0) continue;
    if (value > largest_integer) break;
    return {value, p, integer_progress::complete};
  }
  return {0, nullptr, p == end && value <= largest_integer ? integer_progress::more : integer_progress::overflow};
}

/// Reads the integer at `p`, whose first byte holds it in its lower `prefix` (1 to 8) bits; the bits above are not looked at. To go on
/// when more bytes have come, call again from the first byte: an integer has at most ten.
[[nodiscard]] constexpr decoded_integer decode_integer(const char* p, const char* end, unsigned prefix) {
  if (p == end) return {};
  const std::uint64_t most = (std::uint64_t{1} << prefix) - 1;
  const std::uint64_t value = static_cast<unsigned char>(*p++) & most;
  if (value < most) return {value, p, integer_progress::complete};
  return decode_integer_tail(p, end, value);
}

/// Writes `value` (at most `largest_integer`) into the lower `prefix` bits at `out` and the bytes behind it; `high` gives the first
/// byte's other bits. At most `integer_bytes`; returns their end.
constexpr char* encode_integer(char* out, std::uint64_t value, unsigned prefix, unsigned high) {
  const std::uint64_t most = (std::uint64_t{1} << prefix) - 1;
  if (value < most) {
    *out++ = static_cast<char>(high | value);
    return out;
  }
  *out++ = static_cast<char>(high | most);
  for (value -= most; value >= 0x80; value >>= 7) *out++ = static_cast<char>(0x80 | (value & 0x7f));
  *out++ = static_cast<char>(value);
  return out;
}

}  // namespace parley::fieldcode
