#include "semantics/range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

std::string shown_choice(const chosen_ranges& chosen) {
  if (chosen.answer == range_answer::whole) return "whole";
  if (chosen.answer == range_answer::unsatisfiable) return "none";
  std::string text;
  for (const auto& part : chosen.parts) {
    if (!text.empty()) text += ' ';
    text += std::to_string(part.first) + "-" + std::to_string(part.last);
  }
  return text;
}

// RFC 9110 §14.1.2 and §14.2; gaps are not bridged here.
TEST(range, what_is_asked_for) {
  const struct {
    std::string_view field;
    std::uint64_t length;
    std::string_view choice;
  } rows[] = {
      {"bytes=0-499", 10000, "0-499"},
      {"bytes=500-999", 10000, "500-999"},
      {"bytes=-500", 10000, "9500-9999"},
      {"bytes=9500-", 10000, "9500-9999"},
      {"bytes=0-0,-1", 10000, "0-0 9999-9999"},
      {"bytes= 0-999, 4500-5499, -1000", 10000, "0-999 4500-5499 9000-9999"},
      {"bytes=500-600,601-999", 10000, "500-999"},
      {"bytes=500-700,601-999", 10000, "500-999"},
      {"BYTES=0-0", 10, "0-0"},
      {"bytes=0-", 1, "0-0"},
      {"bytes=0-9", 10, "0-9"},
      {"bytes=0-10", 10, "0-9"},
      {"bytes=5-99999999999999999999999999", 10, "5-9"},
      {"bytes=-99999999999999999999999999", 10, "0-9"},
      {"bytes=-20", 10, "0-9"},
      {"bytes=-1", 10, "9-9"},
      {"bytes=,0-0, ,\t2-2,", 10, "0-0 2-2"},
      {"bytes=00-01", 10, "0-1"},
      // In the order of the request.
      {"bytes=8-9,0-1", 10, "8-9 0-1"},
      {"bytes=8-9,0-1,4-5", 10, "8-9 0-1 4-5"},
      {"bytes=4-5,8-9,0-1,6-7", 10, "4-9 0-1"},
      {"bytes=0-4,2-3", 10, "0-4"},
      {"bytes=0-0,0-0,0-0", 10, "0-0"},
      {"bytes=2-3,-9", 10, "1-9"},
      // Some are satisfiable.
      {"bytes=20-30,0-1", 10, "0-1"},
      {"bytes=0-1,-0", 10, "0-1"},
      // None is.
      {"bytes=10-", 10, "none"},
      {"bytes=10-20,30-", 10, "none"},
      {"bytes=-0", 10, "none"},
      {"bytes=99999999999999999999999999-", 10, "none"},
      // §14.1.2: of what is empty, a suffix is the only range that is satisfiable. §14.4 has no Content-Range for no bytes, so that
      // one is ignored, and all that there is comes as a 200.
      {"bytes=0-0", 0, "none"},
      {"bytes=0-", 0, "none"},
      {"bytes=5-9,1-1", 0, "none"},
      {"bytes=-0", 0, "none"},
      {"bytes=-1", 0, "whole"},
      {"bytes=0-0,-1", 0, "whole"},
      {"bytes=0-1,x", 0, "whole"},
      {"bytes=2-1", 0, "whole"},
      // Ignored.
      {"", 10, "whole"},
      {"bytes", 10, "whole"},
      {"bytes=", 10, "whole"},
      {"bytes=,", 10, "whole"},
      {"bytes=-", 10, "whole"},
      {"bytes=1", 10, "whole"},
      {"bytes=2-1", 10, "whole"},
      {"bytes=0-1,2-1", 10, "whole"},
      {"bytes=0-1,x", 10, "whole"},
      {"bytes=a-b", 10, "whole"},
      {"bytes=1-2-3", 10, "whole"},
      {"bytes=--1", 10, "whole"},
      {"bytes=+1-2", 10, "whole"},
      {"bytes=0 - 1", 10, "whole"},
      {"bytes =0-1", 10, "whole"},
      {"bytes:0-1", 10, "whole"},
      {"bytes=0-1;", 10, "whole"},
      {"bytes=0x0-1", 10, "whole"},
      {"items=0-1", 10, "whole"},
      {"byte=0-1", 10, "whole"},
      {"bytes=\"0-1\"", 10, "whole"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(shown_choice(choose_ranges(row.field, row.length, {.bridged_gap = 0})), row.choice) << row.field;
}

TEST(range, gaps_that_are_not_worth_a_part) {
  EXPECT_EQ(shown_choice(choose_ranges("bytes=0-9,90-99", 1000)), "0-99");
  EXPECT_EQ(shown_choice(choose_ranges("bytes=0-9,91-99", 1000)), "0-9 91-99");
  EXPECT_EQ(shown_choice(choose_ranges("bytes=90-99,0-9", 1000)), "0-99");
}

TEST(range, a_bomb_of_ranges) {
  std::string many = "bytes=0-0";
  for (int i = 1; i < 64; ++i) many += "," + std::to_string(i * 1000) + "-" + std::to_string(i * 1000);
  // Sixty-four are read, but as parts they are too many; overlapping ones are one.
  EXPECT_EQ(shown_choice(choose_ranges(many, 1'000'000)), "whole");
  EXPECT_EQ(choose_ranges(many, 1'000'000, {.parts = 64}).parts.size(), 64U);
  EXPECT_EQ(shown_choice(choose_ranges(many + ",1-1", 1'000'000, {.parts = 100})), "whole");
  std::string apache = "bytes=0-";
  for (int i = 0; i < 63; ++i) apache += ",5-" + std::to_string(i + 5);
  EXPECT_EQ(shown_choice(choose_ranges(apache, 1'000'000)), "0-999999");
  EXPECT_EQ(shown_choice(choose_ranges(apache + ",5-9", 1'000'000)), "whole");
}

// RFC 9110 §14.4
TEST(range, content_range) {
  const struct {
    std::string_view text;
    std::optional<content_range> value;
  } rows[] = {
      {"bytes 42-1233/1234", content_range{byte_range{42, 1233}, 1234}},
      {"bytes 42-1233/*", content_range{byte_range{42, 1233}, std::nullopt}},
      {"bytes */1234", content_range{std::nullopt, 1234}},
      {"bytes 0-0/1", content_range{byte_range{0, 0}, 1}},
      {"bytes */0", content_range{std::nullopt, 0}},
      {"bytes */*", std::nullopt},
      {"bytes 2-1/10", std::nullopt},
      {"bytes 0-10/10", std::nullopt},
      {"bytes 0-9", std::nullopt},
      {"bytes 0/10", std::nullopt},
      {"bytes=0-9/10", std::nullopt},
      {"bytes  0-9/10", std::nullopt},
      {"bytes 0-9/10 x", std::nullopt},
      {"bytes -9/10", std::nullopt},
      {"bytes 0-/10", std::nullopt},
      {"bytes 0-9/", std::nullopt},
      {"bytes 0-9/-1", std::nullopt},
      {"bytes 0-99999999999999999999/*", std::nullopt},
      {"bytes 0-18446744073709551615/*", std::nullopt},
      {"items 0-9/10", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parse_content_range(row.text), row.value) << row.text;
    if (row.value) {
      EXPECT_EQ(to_text(*row.value), row.text);
    }
  }
  EXPECT_EQ(unsatisfied_range(47022), "bytes */47022");
  EXPECT_EQ(range_from(500), "bytes=500-");
}

}  // namespace
}  // namespace parley::semantics
