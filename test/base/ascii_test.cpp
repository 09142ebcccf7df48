#include "base/ascii.hpp"

#include <gtest/gtest.h>

#include <cctype>

namespace parley::base {
namespace {

char ascii_char(int byte) { return static_cast<char>(byte); }

TEST(ascii, every_byte_is_in_the_classes_that_the_grammar_says) {
  const std::string_view tchar_marks = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = ascii_char(byte);
    const bool digit = byte >= '0' && byte <= '9';
    const bool alpha = byte < 0x80 && std::isalpha(byte) != 0;
    const bool mark = byte != 0 && byte < 0x80 && tchar_marks.find(c) != std::string_view::npos;
    const bool visible = byte > 0x20 && byte < 0x7f;
    EXPECT_EQ(is_token_char(c), digit || alpha || mark) << byte;
    EXPECT_EQ(is_field_vchar(c), visible || byte >= 0x80) << byte;
    EXPECT_EQ(is_class(c, class_field_value), visible || byte >= 0x80 || byte == ' ' || byte == '\t') << byte;
    EXPECT_EQ(is_digit(c), digit) << byte;
    EXPECT_EQ(is_alpha(c), alpha) << byte;
    EXPECT_EQ(is_hex(c), byte < 0x80 && std::isxdigit(byte) != 0) << byte;
    EXPECT_EQ(hex_value(c) >= 0, is_hex(c)) << byte;
    EXPECT_EQ(is_class(c, class_target), visible && byte != '#') << byte;
    EXPECT_EQ(is_class(c, class_quoted), (visible && byte != '"' && byte != '\\') || byte >= 0x80 || byte == ' ' || byte == '\t')
        << byte;
    const bool unreserved = digit || alpha || (visible && std::string_view("-._~").find(c) != std::string_view::npos);
    const bool sub_delim = visible && std::string_view("!$&'()*+,;=").find(c) != std::string_view::npos;
    EXPECT_EQ(is_class(c, class_unreserved), unreserved) << byte;
    EXPECT_EQ(is_class(c, class_sub_delim), sub_delim) << byte;
    EXPECT_EQ(is_class(c, class_pchar), unreserved || sub_delim || c == ':' || c == '@') << byte;
  }
}

TEST(ascii, letters_change_case_and_nothing_else_does) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = ascii_char(byte);
    EXPECT_EQ(to_lower(c), byte < 0x80 ? ascii_char(std::tolower(byte)) : c);
    EXPECT_EQ(to_upper(c), byte < 0x80 ? ascii_char(std::toupper(byte)) : c);
    for (int other = 0; other < 256; ++other) {
      const char d = ascii_char(other);
      EXPECT_EQ(iequals({&c, 1}, {&d, 1}), to_lower(c) == to_lower(d)) << byte << ' ' << other;
    }
  }
  EXPECT_TRUE(iequals("Content-TYPE", "content-type"));
  EXPECT_FALSE(iequals("Content-TYPE", "content-typ"));
  EXPECT_EQ(to_lower(std::string_view("A[Z")), "a[z");
}

TEST(ascii, tokens_are_not_empty) {
  EXPECT_TRUE(is_token("a"));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
}

TEST(ascii, white_space_is_space_and_tab) {
  EXPECT_EQ(trim_ows(" \t a b\t "), "a b");
  EXPECT_EQ(trim_ows("\n a"), "\n a");
  EXPECT_EQ(trim_ows(" \t "), "");
  EXPECT_EQ(trim_ows(""), "");
}

}  // namespace
}  // namespace parley::base
