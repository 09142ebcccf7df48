#include "semantics/field_name.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/ascii.hpp"
#include "base/random.hpp"

namespace parley::semantics {
namespace {

std::string upper_name(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = base::to_upper(c);
  return upper;
}

// The obvious implementation.
field_id find_slowly(std::string_view name) {
  for (std::size_t i = 1; i < field_id_count; ++i) {
    if (base::iequals(name_of(static_cast<field_id>(i)), name)) return static_cast<field_id>(i);
  }
  return field_id::unknown;
}

TEST(field_name, every_known_name_is_found_in_any_case) {
  std::set<std::string> names;
  for (std::size_t i = 1; i < field_id_count; ++i) {
    const auto id = static_cast<field_id>(i);
    const std::string_view lower = name_of(id);
    const std::string_view canonical = canonical_name_of(id);
    EXPECT_EQ(base::to_lower(canonical), lower);
    EXPECT_TRUE(base::is_token(lower));
    EXPECT_EQ(find_field_name(lower), id) << lower;
    EXPECT_EQ(find_field_name(canonical), id) << lower;
    EXPECT_EQ(find_field_name(upper_name(lower)), id) << lower;
    EXPECT_TRUE(names.emplace(lower).second) << lower;
  }
  EXPECT_EQ(name_of(field_id::content_type), "content-type");
  EXPECT_EQ(canonical_name_of(field_id::www_authenticate), "WWW-Authenticate");
  EXPECT_EQ(name_of(field_id::unknown), "");
  EXPECT_EQ(canonical_name_of(field_id::unknown), "");
}

TEST(field_name, a_name_with_any_other_byte_is_not_known) {
  for (std::size_t i = 1; i < field_id_count; ++i) {
    const auto id = static_cast<field_id>(i);
    const std::string name(name_of(id));
    for (std::size_t place = 0; place < name.size(); ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string other = name;
        other[place] = static_cast<char>(byte);
        const bool same = base::iequals(other, name);
        ASSERT_EQ(find_field_name(other), same ? id : find_slowly(other)) << other;
      }
    }
    EXPECT_EQ(find_field_name(name + "s"), find_slowly(name + "s"));
    EXPECT_EQ(find_field_name(name.substr(1)), find_slowly(name.substr(1)));
    EXPECT_EQ(find_field_name(name.substr(0, name.size() - 1)), find_slowly(name.substr(0, name.size() - 1)));
  }
}

TEST(field_name, unknown_names_of_all_lengths) {
  base::seeded_random random(5);
  for (std::size_t size = 0; size < 80; ++size) {
    for (int i = 0; i < 200; ++i) {
      std::string name;
      for (std::size_t j = 0; j < size; ++j) name += static_cast<char>(random.below(256));
      ASSERT_EQ(find_field_name(name), find_slowly(name)) << name;
    }
  }
  EXPECT_EQ(find_field_name(""), field_id::unknown);
  EXPECT_EQ(find_field_name("x"), field_id::unknown);
  EXPECT_EQ(find_field_name("x-custom"), field_id::unknown);
}

}  // namespace
}  // namespace parley::semantics
