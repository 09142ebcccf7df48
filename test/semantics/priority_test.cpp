#include "semantics/priority.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

std::string shown_priority(priority p) { return std::to_string(p.urgency) + (p.incremental ? "i" : ""); }

// RFC 9218 §4
TEST(priority, values) {
  const struct {
    std::string_view value, meaning;
  } rows[] = {
      {"", "3"},
      {"u=0", "0"},
      {"u=7", "7"},
      {"i", "3i"},
      {"u=5, i", "5i"},
      {"i=?1;a, u=2;b=1", "2i"},
      {"i=?0", "3"},
      // Out of range, of another type, or unknown: ignored.
      {"u=8, i", "3i"},
      {"u=-1", "3"},
      {"u=1.0", "3"},
      {"u=\"1\"", "3"},
      {"u", "3"},
      {"u=?1", "3"},
      {"i=1", "3"},
      {"i=yes", "3"},
      {"i=()", "3"},
      {"x=1, u=1, y=(a b)", "1"},
      // RFC 8941 §4.2.2: the last one of a key counts.
      {"u=1, u=2", "2"},
      {"u=1, u=9", "3"},
      {"i, i=?0", "3"},
      // No dictionary.
      {"u=1,", "none"},
      {"U=1", "none"},
      {"u=1 i", "none"},
      {"u:1", "none"},
      {"\xff", "none"},
  };
  for (const auto& row : rows) {
    const auto p = parse_priority(row.value);
    EXPECT_EQ(p ? shown_priority(*p) : "none", row.meaning) << row.value;
  }
}

// RFC 9218 §8: what the server does not say stays as the client said it.
TEST(priority, a_response_changes_what_it_names) {
  const priority asked{5, true};
  EXPECT_EQ(shown_priority(*parse_priority("u=1", asked)), "1i");
  EXPECT_EQ(shown_priority(*parse_priority("i=?0", asked)), "5");
  EXPECT_EQ(shown_priority(*parse_priority("u=9", asked)), "5i");
  EXPECT_EQ(shown_priority(*parse_priority("", asked)), "5i");
}

TEST(priority, of_a_message) {
  EXPECT_EQ(shown_priority(priority_of({})), "3");
  EXPECT_EQ(shown_priority(priority_of({{"Priority", "u=1"}, {"Accept", "u=2"}, {"priority", "i"}})), "1i");
  EXPECT_EQ(shown_priority(priority_of({{"Priority", "u=1"}, {"Priority", "u=,"}})), "3") << "a fault spoils all lines";
  EXPECT_EQ(shown_priority(priority_of({{"Priority", "?"}}, {6, true})), "6i");
}

TEST(priority, as_text) {
  for (int u = 0; u <= 7; ++u) {
    for (const bool i : {false, true}) {
      const priority p{static_cast<std::uint8_t>(u), i};
      EXPECT_EQ(parse_priority(to_text(p)), p);
    }
  }
  EXPECT_EQ(to_text({}), "");
  EXPECT_EQ(to_text({3, true}), "i");
  EXPECT_EQ(to_text({0, true}), "u=0, i");
}

}  // namespace
}  // namespace parley::semantics
