#include "base/number.hpp"

#include <gtest/gtest.h>

#include <charconv>

#include "base/random.hpp"

namespace parley::base {
namespace {

using number = std::optional<std::uint64_t>;

TEST(number, decimals_are_digits_and_nothing_else) {
  const struct {
    std::string_view text;
    number value;
  } rows[] = {
      {"0", 0},
      {"7", 7},
      {"0007", 7},
      {"1234567890", 1234567890},
      {"18446744073709551615", UINT64_MAX},
      {"18446744073709551616", {}},
      {"18446744073709551625", {}},
      {"99999999999999999999", {}},
      {"00000000000000000000000000000001", 1},
      {"", {}},
      {"+1", {}},
      {"-1", {}},
      {" 1", {}},
      {"1 ", {}},
      {"0x1", {}},
      {"1.0", {}},
      {"1e3", {}},
      {"1_0", {}},
      {std::string_view("1\0", 2), {}},
      {"\xd9\xa1", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_decimal(row.text), row.value) << row.text;
}

TEST(number, hexadecimals_are_hexadecimal_digits_and_nothing_else) {
  const struct {
    std::string_view text;
    number value;
  } rows[] = {
      {"0", 0},
      {"f", 15},
      {"F", 15},
      {"1aB", 0x1ab},
      {"ffffffffffffffff", UINT64_MAX},
      {"10000000000000000", {}},
      {"", {}},
      {"0x1", {}},
      {"g", {}},
      {"-1", {}},
      {"1 ", {}},
      {"00000000000000000001", 1},
      {"1h", {}},
      {"1;a", {}},
      {"@", {}},
      {"`", {}},
      {"fffffffffffffffff", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_hex(row.text), row.value) << row.text;
}

TEST(number, every_other_byte_is_refused) {
  for (int byte = 0; byte < 256; ++byte) {
    const char text[] = {'1', static_cast<char>(byte)};
    const std::string_view view(text, 2);
    EXPECT_EQ(parse_decimal(view).has_value(), is_digit(text[1])) << byte;
    EXPECT_EQ(parse_hex(view).has_value(), is_hex(text[1])) << byte;
  }
}

TEST(number, what_is_written_is_read_again) {
  seeded_random random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t value = random.next() >> random.below(64);
    char expected[20];
    const auto end = std::to_chars(expected, expected + 20, value).ptr;
    std::string decimal = "x";
    append_decimal(decimal, value);
    ASSERT_EQ(decimal, "x" + std::string(expected, end));
    ASSERT_EQ(parse_decimal(decimal.substr(1)), value);
    std::string hex;
    append_hex(hex, value);
    ASSERT_EQ(parse_hex(hex), value);
    ASSERT_TRUE(hex == "0" || hex[0] != '0') << hex;
  }
  for (std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{10}, std::uint64_t{99}, std::uint64_t{100}, UINT64_MAX}) {
    std::string text;
    append_decimal(text, value);
    EXPECT_EQ(text, std::to_string(value));
  }
  std::string zero;
  append_hex(zero, 0);
  EXPECT_EQ(zero, "0");
}

}  // namespace
}  // namespace parley::base
