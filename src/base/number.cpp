#include "base/number.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace parley::base {
namespace {

constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

}  // namespace

char* write_decimal(char* out, std::uint64_t value) {
  char digits[max_decimal_digits];
  char* const end = digits + max_decimal_digits;
  char* begin = end;
  while (value >= 100) {
    begin -= 2;
    std::memcpy(begin, &digit_pairs[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    begin -= 2;
    std::memcpy(begin, &digit_pairs[2 * value], 2);
  } else {
    *--begin = static_cast<char>('0' + value);
  }
  const auto length = static_cast<std::size_t>(end - begin);
  std::memcpy(out, begin, length);
  return out + length;
}

char* write_hex(char* out, std::uint64_t value) {
  const int length = value == 0 ? 1 : (static_cast<int>(std::bit_width(value)) + 3) / 4;
  for (int shift = 4 * (length - 1); shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[value >> shift & 15];
  return out;
}

}  // namespace parley::base
