#include <gtest/gtest.h>
#include <parley/fields.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/random.hpp"

namespace parley {
namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;

pairs all_lines(const fields& f) {
  pairs lines;
  for (const auto& [name, value] : f) lines.emplace_back(name, value);
  return lines;
}

TEST(fields, keeps_order_case_and_repetition) {
  fields f{{"Host", "example.com"}, {"x-Custom", "1"}, {"ACCEPT", "a"}, {"X-CUSTOM", "2"}};
  EXPECT_EQ(f.size(), 4u);
  EXPECT_EQ(all_lines(f), (pairs{{"Host", "example.com"}, {"x-Custom", "1"}, {"ACCEPT", "a"}, {"X-CUSTOM", "2"}}));
  EXPECT_EQ(f.get("host"), "example.com");
  EXPECT_EQ(f.get("Accept"), "a");
  EXPECT_EQ(f.get("X-Custom"), "1");
  EXPECT_EQ(f.get("x-none"), std::nullopt);
  EXPECT_EQ(f.get("age"), std::nullopt);
  EXPECT_EQ(f.get(""), std::nullopt);
  EXPECT_TRUE(f.contains("HOST"));
  EXPECT_EQ(f.get_all("x-custom"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(f.joined("x-custom"), "1, 2");
  EXPECT_EQ(f.joined("x-none"), "");
  EXPECT_EQ(f[3].value, "2");
}

TEST(fields, cookie_pieces_are_joined_as_rfc9113_says) {
  const fields f{{"Cookie", "a=1"}, {"cookie", "b=2"}};
  EXPECT_EQ(f.joined("Cookie"), "a=1; b=2");
}

TEST(fields, empty_ones) {
  fields f;
  EXPECT_TRUE(f.empty());
  EXPECT_EQ(f.begin(), f.end());
  EXPECT_EQ(f.remove("a"), 0u);
  f.clear();
  f.add("a", "");
  EXPECT_EQ(f.get("a"), "");
  EXPECT_EQ(f.joined("a"), "");
  EXPECT_EQ(fields(), fields{});
}

TEST(fields, set_replaces_all_lines_by_one) {
  fields f{{"a", "1"}, {"b", "2"}, {"A", "3"}, {"c", "4"}};
  f.set("a", "much longer than it was before");
  EXPECT_EQ(all_lines(f), (pairs{{"a", "much longer than it was before"}, {"b", "2"}, {"c", "4"}}));
  f.set("b", "");
  f.set("d", "5");
  EXPECT_EQ(all_lines(f), (pairs{{"a", "much longer than it was before"}, {"b", ""}, {"c", "4"}, {"d", "5"}}));
}

TEST(fields, remove_tells_how_many_there_were) {
  fields f{{"a", "1"}, {"b", "2"}, {"A", "3"}, {"date", "4"}};
  EXPECT_EQ(f.remove("a"), 2u);
  EXPECT_EQ(f.remove("Date"), 1u);
  EXPECT_EQ(all_lines(f), (pairs{{"b", "2"}}));
  f.clear();
  EXPECT_TRUE(f.empty());
}

TEST(fields, compares_names_without_case_and_values_with) {
  const fields a{{"Host", "h"}, {"x-y", "1"}};
  EXPECT_EQ(a, (fields{{"host", "h"}, {"X-Y", "1"}}));
  EXPECT_FALSE(a == (fields{{"host", "H"}, {"x-y", "1"}}));
  EXPECT_FALSE(a == (fields{{"x-y", "1"}, {"host", "h"}}));
  EXPECT_FALSE(a == (fields{{"host", "h"}}));
}

TEST(fields, views_survive_a_move) {
  fields a{{"name", "value"}};
  const auto value = *a.get("name");
  fields b(std::move(a));
  EXPECT_EQ(b.get("name")->data(), value.data());
  EXPECT_TRUE(a.empty());  // NOLINT: what is left is empty
  a.add("again", "1");
  b = std::move(a);
  EXPECT_EQ(all_lines(b), (pairs{{"again", "1"}}));
  fields& self = b;
  b = std::move(self);
  b = self;
  EXPECT_EQ(all_lines(b), (pairs{{"again", "1"}}));
}

TEST(fields, copies_stand_alone) {
  fields a{{"name", "value"}, {"host", "h"}};
  fields b(a);
  a.set("name", "other");
  EXPECT_EQ(b.get("name"), "value");
  a = b;
  EXPECT_EQ(a, b);
  fields empty;
  a = empty;
  EXPECT_TRUE(a.empty());
}

TEST(fields, an_iterator_is_one) {
  const fields f{{"a", "1"}, {"b", "2"}};
  auto it = f.begin();
  EXPECT_EQ((*it++).name, "a");
  EXPECT_EQ((*it).value, "2");
  EXPECT_EQ(++it, f.end());
  EXPECT_EQ(fields::iterator(), fields::iterator());
}

TEST(fields, every_byte_in_names) {
  for (int byte = 0; byte < 256; ++byte) {
    const char name[] = {'x', static_cast<char>(byte), 'y'};
    fields f;
    if (base::is_token_char(name[1])) {
      f.add({name, 3}, "v");
      EXPECT_EQ(f.get({name, 3}), "v");
    } else {
      EXPECT_THROW(f.add({name, 3}, "v"), invalid_field) << byte;
      EXPECT_THROW(f.set({name, 3}, "v"), invalid_field) << byte;
      EXPECT_TRUE(f.empty());
    }
  }
  EXPECT_THROW(fields().add("", "v"), invalid_field);
  EXPECT_THROW(fields().add(std::string(65536, 'a'), "v"), invalid_field);
  EXPECT_EQ(fields().add(std::string(65535, 'a'), "v")[0].name.size(), 65535u);
}

TEST(fields, every_byte_in_values) {
  for (int byte = 0; byte < 256; ++byte) {
    const char value[] = {'x', static_cast<char>(byte), 'y'};
    fields f{{"a", "old"}};
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
      EXPECT_THROW(f.add("host", {value, 3}), invalid_field) << byte;
      EXPECT_THROW(f.set("a", {value, 3}), invalid_field) << byte;
      EXPECT_EQ(all_lines(f), (pairs{{"a", "old"}}));
    } else {
      f.add("host", {value, 3});
      EXPECT_EQ(f.get("host"), std::string_view(value, 3));
    }
  }
}

TEST(fields, white_space_around_values_is_dropped) {
  fields f{{"a", " \t x y \t"}, {"b", " \t "}};
  EXPECT_EQ(f.get("a"), "x y");
  EXPECT_EQ(f.get("b"), "");
  EXPECT_THROW(f.add("c", "\n"), invalid_field);
}

TEST(fields, a_refusal_names_the_field_and_shows_no_raw_control) {
  try {
    fields().add("x-note", "a\r\nset-cookie: b");
    FAIL();
  } catch (const invalid_field& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("x-note"), text.npos);
    EXPECT_NE(text.find("\\x0d\\x0a"), text.npos);
    EXPECT_EQ(text.find('\n'), text.npos);
  }
}

TEST(fields, arguments_may_view_the_object_itself) {
  fields f{{"a", "1234567890"}, {"A", "second"}, {"b", "2"}};
  for (int i = 0; i < 2000; ++i) f.add("copy", *f.get("a"));
  EXPECT_EQ(f.size(), 2003u);
  EXPECT_EQ(f[2002].value, "1234567890");
  f.set("b", *f.get("a"));
  EXPECT_EQ(f.get("b"), "1234567890");
  f.set("a", f[1].value);  // a line that goes away by this
  EXPECT_EQ(f.get_all("a"), (std::vector<std::string_view>{"second"}));
  f.set("a", f.get("a")->substr(2));
  EXPECT_EQ(f.get("a"), "cond");
  f.set(f[1].name, "x");
  EXPECT_EQ(f.get("b"), "x");
  f.remove(f[0].name);
  EXPECT_FALSE(f.contains("a"));
}

TEST(fields, setting_again_and_again_needs_no_more_room) {
  fields f{{"age", "100"}, {"date", "today"}};
  const std::string longer(40, 'x');
  // Text that was left behind is packed away, or this would need megabytes: an addition then finds the old values nearby.
  for (int i = 0; i < 100'000; ++i) {
    f.set("age", i % 2 ? "1" : longer);
    f.set("date", i % 3 ? "a" : longer);
    ASSERT_EQ(f.get("age"), i % 2 ? "1" : longer);
    ASSERT_EQ(f.get("date"), i % 3 ? "a" : longer);
  }
  EXPECT_LT(std::abs(f.get("age")->data() - f[0].name.data()), 1024);
}

TEST(fields, more_lines_than_can_be_counted_throw) {
  fields f;
  for (int i = 0; i < 65535; ++i) f.add("a", "b");
  EXPECT_THROW(f.add("a", "b"), std::length_error);
  EXPECT_EQ(f.size(), 65535u);
}

TEST(fields, behave_like_a_list_of_pairs) {
  base::seeded_random random(9);
  const std::string_view names[] = {"host", "x-a", "Date", "x-b", "cookie"};
  fields f;
  pairs expected;
  const auto same_name = [](std::string_view a) { return [a](const auto& pair) { return base::iequals(pair.first, a); }; };
  for (int i = 0; i < 20000; ++i) {
    const std::string_view name = names[random.below(5)];
    const std::string value(random.below(60), static_cast<char>('a' + random.below(26)));
    switch (random.below(f.size() > 100 ? 5 : 4)) {
      case 0:
      case 1:
        f.add(name, value);
        expected.emplace_back(name, value);
        break;
      case 2: {
        f.set(name, value);
        const auto first = std::find_if(expected.begin(), expected.end(), same_name(name));
        if (first == expected.end()) {
          expected.emplace_back(name, value);
        } else {
          first->second = value;
          expected.erase(std::remove_if(first + 1, expected.end(), same_name(name)), expected.end());
        }
        break;
      }
      case 3:
        if (random.below(4) == 0) {
          const auto removed = std::erase_if(expected, same_name(name));
          ASSERT_EQ(f.remove(name), removed);
        } else {
          fields copy(f);
          f = fields(copy);
        }
        break;
      default: f.clear(); expected.clear();
    }
    ASSERT_EQ(all_lines(f), expected);
  }
}

TEST(fields, may_die_on_another_thread) {
  fields f{{"a", "b"}};
  std::thread([moved = std::move(f)]() mutable { moved.add("c", "d"); }).join();
}

}  // namespace
}  // namespace parley
