#include "semantics/cookie_date.hpp"

#include <parley/date.hpp>

#include <gtest/gtest.h>

namespace parley::semantics {
namespace {

// RFC 6265 §5.1.1; most rows are of the httpstate working group's dates.
TEST(cookie_date, rows) {
  const struct {
    std::string_view text, date;  // empty: none
  } rows[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"},
      {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"},
      {"Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT"},
      {"Mon, 10-Dec-2007 17:02:24 GMT", "Mon, 10 Dec 2007 17:02:24 GMT"},
      {"Wed, 09 Dec 2009 16:27:23 GMT", "Wed, 09 Dec 2009 16:27:23 GMT"},
      {"Thursday, 01-Jan-1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"},
      {"Sun, 22-Nov-2026 10:37:42 GMT", "Sun, 22 Nov 2026 10:37:42 GMT"},
      {"22:37:42 22 Nov 69", "Fri, 22 Nov 2069 22:37:42 GMT"},
      {"22:37:42 22 Nov 70", "Sun, 22 Nov 1970 22:37:42 GMT"},
      {"22 November 2026 1:2:3", "Sun, 22 Nov 2026 01:02:03 GMT"},
      {"nOv-22-2026;1:2:3 and what not 9:9:9", "Sun, 22 Nov 2026 01:02:03 GMT"},
      {"2026 22 Nov 1:2:3", "Sun, 22 Nov 2026 01:02:03 GMT"},
      {"22x Nov 2026y 1:2:3z", "Sun, 22 Nov 2026 01:02:03 GMT"},
      {"Mon, 29 Feb 2024 00:00:00", "Thu, 29 Feb 2024 00:00:00 GMT"},
      {"1 Jan 1601 0:0:0", "Mon, 01 Jan 1601 00:00:00 GMT"},
      {"1 Jan 00 0:0:0", "Sat, 01 Jan 2000 00:00:00 GMT"},
      {"", ""},
      {"Nov 2026 1:2:3", ""},
      {"22 2026 1:2:3", ""},
      {"22 Nov 1:2:3", ""},
      {"22 Nov 2026", ""},
      {"22 Nov 2026 1:2", ""},
      {"32 Nov 2026 1:2:3", ""},
      {"31 Nov 2026 1:2:3", ""},
      {"29 Feb 2026 1:2:3", ""},
      {"0 Nov 2026 1:2:3", ""},
      {"22 Nov 1600 1:2:3", ""},
      {"22 Nov 20266 1:2:3", ""},
      {"22 Nov 2026 24:2:3", ""},
      {"22 Nov 2026 1:60:3", ""},
      {"22 Nov 2026 1:2:60", ""},
      {"22 Nov 2026 001:2:3", ""},
      {"22 No 2026 1:2:3", ""},
  };
  for (const auto& row : rows) {
    const auto time = parse_cookie_date(row.text);
    EXPECT_EQ(time ? format_date(*time) : "", row.date) << row.text;
  }
}

}  // namespace
}  // namespace parley::semantics
