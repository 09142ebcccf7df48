#include <gtest/gtest.h>
#include <parley/date.hpp>

#include <ctime>

#include "base/random.hpp"

namespace parley {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds at(std::int64_t unix_seconds) { return sys_seconds{std::chrono::seconds{unix_seconds}}; }
constexpr sys_seconds example = at(784'111'777);
constexpr sys_seconds today = at(1'790'000'000);  // in 2026

TEST(date, three_formats_say_the_same) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", today), example);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", today), example);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", today), example);
  EXPECT_EQ(parse_date("Wed Nov 16 08:49:37 1994", today), example + std::chrono::days{10});
  EXPECT_EQ(format_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(date, edges_of_ranges) {
  const struct {
    std::string_view text;
    std::optional<sys_seconds> time;
  } rows[] = {
      {"Thu, 01 Jan 1970 00:00:00 GMT", at(0)},
      {"Wed, 31 Dec 1969 23:59:59 GMT", at(-1)},
      {"Fri, 31 Dec 9999 23:59:59 GMT", at(253'402'300'799)},
      {"Sat, 01 Jan 0000 00:00:00 GMT", at(-62'167'219'200)},
      {"Thu, 29 Feb 2024 00:00:00 GMT", at(1'709'164'800)},
      {"Wed, 29 Feb 2023 00:00:00 GMT", {}},
      {"Sat, 31 Dec 2016 23:59:60 GMT", at(1'483'228'800)},  // a leap second
      {"Sat, 31 Dec 2016 23:59:61 GMT", {}},
      {"Sat, 31 Dec 2016 23:60:00 GMT", {}},
      {"Sat, 31 Dec 2016 24:00:00 GMT", {}},
      {"Sat, 32 Dec 2016 00:00:00 GMT", {}},
      {"Wed, 00 Nov 1994 00:00:00 GMT", {}},
      {"Wed, 31 Nov 1994 00:00:00 GMT", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_date(row.text, today), row.time) << row.text;
}

TEST(date, anything_else_is_none) {
  for (const char* text : {
           "",
           "Sun",
           "Sun,",
           "0",
           "-1",
           "Mon, 06 Nov 1994 08:49:37 GMT",  // the wrong weekday
           "sun, 06 Nov 1994 08:49:37 GMT",  // RFC 9110 §5.6.7: case matters
           "Sun, 06 nov 1994 08:49:37 GMT",
           "Sun, 06 Nov 1994 08:49:37 gmt",
           "Sun, 06 Nov 1994 08:49:37 UTC",
           "Sun, 06 Nov 1994 08:49:37 +0000",
           "Sun, 06 Nov 1994 08:49:37",
           "Sun, 06 Nov 1994 08:49:37 GMT ",
           " Sun, 06 Nov 1994 08:49:37 GMT",
           "Sun,06 Nov 1994 08:49:37 GMT",
           "Sun, 6 Nov 1994 08:49:37 GMT",
           "Sun, 06  Nov 1994 08:49:37 GMT",
           "Sun, 06 Nov 94 08:49:37 GMT",
           "Sun, 06 Nov 1994 8:49:37 GMT",
           "Sun, 06 Nov 1994 08:49 GMT",
           "Sun, 06 Nov 1994 08-49-37 GMT",
           "Sun, 06-Nov-1994 08:49:37 GMT",
           "Sun, 06 Nov +994 08:49:37 GMT",
           "Sun, 06 Nvo 1994 08:49:37 GMT",
           "Sun, 06 anF 1994 08:49:37 GMT",
           "unM, 06 Nov 1994 08:49:37 GMT",
           "Sun, 06-Nov-94 08:49:37 GMT",  // RFC 850 has long names
           "Sunday, 06-Nov-1994 08:49:37 GMT",
           "Sunday, 06 Nov 94 08:49:37 GMT",
           "Sunday, 6-Nov-94 08:49:37 GMT",
           "Sunday, 06-Nov-94 08:49:37",
           "Sonntag, 06-Nov-94 08:49:37 GMT",
           "Sunday, 31-Feb-94 08:49:37 GMT",
           "Sun Nov 6 08:49:37 1994",
           "Sun Nov 06 08:49:37 94",
           "Sun Nov  6 08:49:37 1994 GMT",
           "Sun Nov  0 08:49:37 1994",
           "Mon Nov  6 08:49:37 1994",
           "Sun Nov   6 08:49:37 1994",
           "Sun Nov  6 08:49:37  1994",
       }) {
    EXPECT_EQ(parse_date(text, today), std::nullopt) << text;
  }
  EXPECT_EQ(parse_date("Sun Nov 06 08:49:37 1994", today), example);
}

TEST(date, two_digit_years_lie_within_fifty_years_ahead) {
  const auto year_of = [](std::string_view text, sys_seconds now) {
    const auto time = parse_date(text, now);
    return time ? static_cast<int>(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(*time)}.year()) : -1;
  };
  const sys_seconds now = sys_days{std::chrono::year{2026} / 7 / 1};
  EXPECT_EQ(year_of("Monday, 01-Jan-26 00:00:00 GMT", now), 2026);
  EXPECT_EQ(year_of("Monday, 01-Jan-76 00:00:00 GMT", now), 2076);
  EXPECT_EQ(year_of("Monday, 01-Dec-76 00:00:00 GMT", now), 1976);
  EXPECT_EQ(year_of("Monday, 01-Jan-77 00:00:00 GMT", now), 1977);
  EXPECT_EQ(year_of("Monday, 01-Jan-99 00:00:00 GMT", now), 1999);
  EXPECT_EQ(year_of("Monday, 01-Jan-00 00:00:00 GMT", now), 2000);
  const sys_seconds before = sys_days{std::chrono::year{1999} / 1 / 1};
  EXPECT_EQ(year_of("Monday, 01-Jan-05 00:00:00 GMT", before), 2005);
  EXPECT_EQ(year_of("Monday, 01-Jan-50 00:00:00 GMT", before), 1950);
  EXPECT_EQ(year_of("Monday, 29-Feb-00 00:00:00 GMT", before), 2000);
}

TEST(date, agrees_with_the_c_library) {
  base::seeded_random random(4);
  for (int i = 0; i < 100'000; ++i) {
    const auto seconds = static_cast<std::time_t>(random.below(253'402'300'800));
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(format_date(at(seconds)), text);
    ASSERT_EQ(parse_date(text, today), at(seconds));
    std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts);
    ASSERT_EQ(parse_date(text, today), at(seconds)) << text;
  }
}

TEST(date, years_of_five_digits_are_clamped) {
  EXPECT_EQ(format_date(at(253'402'300'800)), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(at(-99'999'999'999)), "Sat, 01 Jan 0000 00:00:00 GMT");
  char text[date_length];
  EXPECT_EQ(write_date(text, example), text + date_length);
}

}  // namespace
}  // namespace parley
