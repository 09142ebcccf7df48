// CRC-32 as in gzip and PNG (ISO 3309), eight bytes a step.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace demo {

using crc32_table = std::array<std::uint32_t, 256>;

/// Table n steps n zero bytes further than table 0.
constexpr std::array<crc32_table, 8> make_crc32_tables() {
  std::array<crc32_table, 8> made{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t state = byte;
    for (int bit = 0; bit < 8; ++bit) state = state >> 1 ^ (state & 1 ? 0xedb88320U : 0);
    made[0][byte] = state;
  }
  for (std::size_t n = 1; n < made.size(); ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) made[n][byte] = made[n - 1][byte] >> 8 ^ made[0][made[n - 1][byte] & 0xff];
  }
  return made;
}
inline constexpr std::array<crc32_table, 8> crc32_tables = make_crc32_tables();

class crc32 {
 public:
  void add(std::string_view bytes) {
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t left = bytes.size();
    std::uint32_t state = state_;
    for (; left >= 8; left -= 8, at += 8) {
      state ^= at[0] | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16 | std::uint32_t{at[3]} << 24;
      state = crc32_tables[7][state & 0xff] ^ crc32_tables[6][state >> 8 & 0xff] ^ crc32_tables[5][state >> 16 & 0xff] ^
              crc32_tables[4][state >> 24] ^ crc32_tables[3][at[4]] ^ crc32_tables[2][at[5]] ^ crc32_tables[1][at[6]] ^
              crc32_tables[0][at[7]];
    }
    for (; left > 0; --left, ++at) state = state >> 8 ^ crc32_tables[0][(state ^ *at) & 0xff];
    state_ = state;
  }
  /// Eight hexadecimal digits.
  [[nodiscard]] std::string text() const {
    std::string digits;
    for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[~state_ >> shift & 0xf];
    return digits;
  }

 private:
  std::uint32_t state_ = 0xffffffff;
};

}  // namespace demo
