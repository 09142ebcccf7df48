#include "semantics/escape.hpp"

#include <gtest/gtest.h>

namespace parley::semantics {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

TEST(escape, html) {
  EXPECT_EQ(html_escape("<a href=\"x\" b='y'>&amp;</a>"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  EXPECT_EQ(html_escape(""), "");
  EXPECT_EQ(html_escape("\xc3\xa4"), "\xc3\xa4");
}

TEST(escape, json) {
  const struct {
    std::string_view text, json;
  } rows[] = {
      {"", "\"\""},
      {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
      {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
      {std::string_view("\0\x1f\x7f", 3), "\"\\u0000\\u001f\\u007f\""},
      {"</script>&", "\"\\u003c/script\\u003e\\u0026\""},
      {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
      {"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""},
      {"a\xff"
       "b\xc3",
       "\"a\xef\xbf\xbd"
       "b\xef\xbf\xbd\""},
  };
  for (const auto& row : rows) EXPECT_EQ(json_string(row.text), row.json);
}

TEST(escape, printable_text_cannot_forge_lines_or_drive_a_terminal) {
  const struct {
    std::string_view text, shown;
  } rows[] = {
      {"plain", "plain"},
      {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c"},
      {"\x1b[31m", "\\x1b[31m"},
      {"\\x0a", "\\\\x0a"},
      {"\x7f\x80\xff", "\\x7f\\x80\\xff"},
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},
      {"\xc3\xa4", "\xc3\xa4"},
      {"\xe2\x80\xae", "\\xe2\\x80\\xae"},  // right-to-left override
      {"\xe2\x80\x8f\xe2\x80\xa8\xe2\x81\xa6\xd8\x9c\xef\xbb\xbf",
       "\\xe2\\x80\\x8f\\xe2\\x80\\xa8\\xe2\\x81\\xa6\\xd8\\x9c\\xef\\xbb\\xbf"},
      {"\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xaa\xe2\x82\xac", "\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xaa\xe2\x82\xac"},
  };
  for (const auto& row : rows) EXPECT_EQ(printable(row.text), row.shown);
}

TEST(escape, utf8_is_that_of_rfc3629) {
  const struct {
    std::string_view text;
    std::size_t length;
  } rows[] = {
      {"", 0},
      {"a", 1},
      {std::string_view("\0", 1), 1},
      {"\xc2\x80", 2},
      {"\xdf\xbf", 2},
      {"\xc1\xbf", 0},  // overlong
      {"\xc2", 0},      // cut off
      {"\xc2\x7f", 0},
      {"\xe0\xa0\x80", 3},
      {"\xe0\x9f\xbf", 0},  // overlong
      {"\xed\x9f\xbf", 3},
      {"\xed\xa0\x80", 0},  // a surrogate
      {"\xef\xbf\xbf", 3},
      {"\xe2\x82", 0},
      {"\xf0\x90\x80\x80", 4},
      {"\xf0\x8f\xbf\xbf", 0},  // overlong
      {"\xf4\x8f\xbf\xbf", 4},
      {"\xf4\x90\x80\x80", 0},  // beyond U+10FFFF
      {"\xf5\x80\x80\x80", 0},
      {"\xf0\x9f\x98", 0},
      {"\x80", 0},
      {"\xff", 0},
  };
  for (const auto& row : rows) EXPECT_EQ(utf8_length(row.text), row.length) << row.text;
  EXPECT_TRUE(is_utf8("a\xc3\xa4"));
  EXPECT_TRUE(is_utf8(""));
  EXPECT_FALSE(is_utf8("a\xc3"));
}

}  // namespace
}  // namespace parley::semantics
