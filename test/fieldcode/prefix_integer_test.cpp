#include "fieldcode/prefix_integer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {
namespace {

decoded_integer decode_hex(std::string_view text, unsigned prefix) {
  static std::string bytes;
  bytes = unhex(text);
  return decode_integer(bytes.data(), bytes.data() + bytes.size(), prefix);
}

TEST(prefix_integer, every_prefix_and_size_comes_back) {
  for (unsigned prefix = 1; prefix <= 8; ++prefix) {
    const unsigned high = prefix == 8 ? 0 : 0xffU << prefix & 0xffU;
    for (unsigned bits = 0; bits <= 62; ++bits) {
      for (const std::uint64_t around : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}}) {
        const std::uint64_t value = std::min((std::uint64_t{1} << bits) - 1 + around, largest_integer);
        char out[integer_bytes];
        const std::string bytes(out, encode_integer(out, value, prefix, high));
        ASSERT_LE(bytes.size(), integer_bytes);
        ASSERT_EQ(static_cast<unsigned char>(bytes[0]) & high, high);
        const char* const end = bytes.data() + bytes.size();
        const auto decoded = decode_integer(bytes.data(), end, prefix);
        ASSERT_EQ(decoded.progress, integer_progress::complete) << value << " in " << prefix;
        EXPECT_EQ(decoded.value, value);
        EXPECT_EQ(decoded.end, end);
        for (const char* cut = bytes.data(); cut != end; ++cut) {
          EXPECT_EQ(decode_integer(bytes.data(), cut, prefix).progress, integer_progress::more) << value << " in " << prefix;
        }
      }
    }
  }
}

TEST(prefix_integer, what_is_too_large_is_refused) {
  const struct {
    std::string_view hex;
    integer_progress progress;
  } rows[] = {
      {"7fffffffffffffffff7f", integer_progress::overflow},  // 2^63 and more
      {"7f80ffffffffffffff3f", integer_progress::complete},  // 2^62 - 1
      {"7f81ffffffffffffff3f", integer_progress::overflow},  // 2^62
      {"7fffffffffffffffffff", integer_progress::overflow},  // known before its end
      {"7fffffffffffffffffff7f", integer_progress::overflow},
      {"7f8080808080808080808001", integer_progress::overflow},  // no number needs as many bytes
      {"7f80808080808080808000", integer_progress::overflow},
      {"7f808080808080808000", integer_progress::complete},  // zeros at its end are allowed (RFC 7541 §5.1), to a length
      {"7f8000", integer_progress::complete},
      {"7f80", integer_progress::more},
      {"7f", integer_progress::more},
      {"", integer_progress::more},
  };
  for (const auto& row : rows) EXPECT_EQ(decode_hex(row.hex, 7).progress, row.progress) << row.hex;
  EXPECT_EQ(decode_hex("7f80ffffffffffffff3f", 7).value, largest_integer);
  EXPECT_EQ(decode_hex("7f8000", 7).value, 127u);
}

}  // namespace
}  // namespace parley::fieldcode::test
