#include "trace/escape.hpp"

#include <gtest/gtest.h>

namespace parley::trace {
namespace {

using namespace std::string_literals;

struct printable_row {
  std::string in, out;
};

TEST(Printable, MakesTextHarmless) {
  const std::vector<printable_row> rows{
      {"", ""},
      {"plain text", "plain text"},
      {"C:\\path", "C:\\path"},                                   // for eyes: no doubling
      {"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"},  // escape sequences
      {"a\r\nForged: line", "a\\x0d\\x0aForged: line"},
      {"tab\there", "tab\\x09here"},
      {"\x7f", "\\x7f"},
      {"nul\0!"s, "nul\\x00!"},
      {"gr\u00fc\u00df \u65e5\u672c \U0001F600", "gr\u00fc\u00df \u65e5\u672c \U0001F600"},  // valid UTF-8 stays
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},  // U+009B: a C1 control introduces sequences too
      {"\x9b"
       "31m",
       "\\x9b31m"},  // and as a single byte
      {"\xff\xfe", "\\xff\\xfe"},
      {"\xc3", "\\xc3"},                    // cut off
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},  // overlong
      {"user\u202e"
       "cod.exe",
       "user\\u{202e}cod.exe"},  // reads backwards otherwise
      {"a\u2028b", "a\\u{2028}b"},
  };
  for (const auto& row : rows) EXPECT_EQ(printable(row.in), row.out);
}

TEST(HeadLines, SplitsAtEitherLineEnd) {
  EXPECT_EQ(head_lines("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (std::vector<std::string_view>{"GET / HTTP/1.1", "Host: a"}));
  EXPECT_EQ(head_lines("HTTP/1.0 200 OK\nA: b\n\n"), (std::vector<std::string_view>{"HTTP/1.0 200 OK", "A: b"}));
  EXPECT_TRUE(head_lines("").empty());
}

TEST(DisplayLine, HidesSecretsUnlessAsked) {
  for (const char* name : {"Authorization", "authorization", "Proxy-Authorization", "Cookie", "SET-COOKIE"}) {
    EXPECT_EQ(display_line(std::string(name) + ": s3cret", false), std::string(name) + ": [hidden]");
    EXPECT_EQ(display_line(std::string(name) + ": s3cret", true), std::string(name) + ": s3cret");
  }
  EXPECT_EQ(display_line("Cookie:s3cret", false), "Cookie: [hidden]");
  EXPECT_EQ(display_line("Cookie : s3cret", false), "Cookie : [hidden]");
  EXPECT_EQ(display_line("Cookies: yes", false), "Cookies: yes");
  EXPECT_EQ(display_line("GET /cookie HTTP/1.1", false), "GET /cookie HTTP/1.1");
}

TEST(DisplayUrl, HidesThePassword) {
  EXPECT_EQ(display_url("GET http://ada:s3cret@localhost/x", false), "GET http://ada:[hidden]@localhost/x");
  EXPECT_EQ(display_url("http://ada:s3cret@localhost/x", true), "http://ada:s3cret@localhost/x");
  EXPECT_EQ(display_url("http://ada@localhost/x", false), "http://ada@localhost/x");
  EXPECT_EQ(display_url("http://localhost:80/a@b:c", false), "http://localhost:80/a@b:c");
  EXPECT_EQ(display_url("localhost/\x1b", false), "localhost/\\x1b");
}

TEST(Shortened, CountsColumnsNotBytes) {
  EXPECT_EQ(columns("gr\u00fcn"), 4u);
  EXPECT_EQ(columns("e\u0301"), 1u);
  EXPECT_EQ(shortened("abcdef", 6, "..."), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6, "..."), "abc...");
  EXPECT_EQ(shortened("\u00e4\u00f6\u00fc\u00df", 3, "\u2026"), "\u00e4\u00f6\u2026");
  EXPECT_EQ(shortened("abcdef", 2, "..."), "..");
}

}  // namespace
}  // namespace parley::trace
