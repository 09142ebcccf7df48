#include "semantics/name_tag.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace parley::semantics {
namespace {

TEST(name_tag, what_names_are) {
  const struct {
    std::string_view name;
    name_tag tag;
  } rows[] = {
      {":method", tag_of(pseudo_field::method)},
      {":scheme", tag_of(pseudo_field::scheme)},
      {":authority", tag_of(pseudo_field::authority)},
      {":path", tag_of(pseudo_field::path)},
      {":status", tag_of(pseudo_field::status)},
      {":protocol", tag_of(pseudo_field::protocol)},
      {":", tag_of(pseudo_field::unknown)},
      {":Method", tag_of(pseudo_field::unknown)},
      {":path ", tag_of(pseudo_field::unknown)},
      {"content-type", tag_of(field_id::content_type)},
      {"te", tag_of(field_id::te)},
      {"x-whatever", other_name},
      {"!#$%&'*+-.^_`|~09az", other_name},
      {"x", other_name},
      {"Content-Type", uppercase_name},
      {"content-typE", uppercase_name},
      {"x-Whatever", uppercase_name},
      {"", invalid_name},
      {"a b", invalid_name},
      {" a", invalid_name},
      {"a:", invalid_name},
      {"a:b", invalid_name},
      {"A:b", invalid_name},
      {std::string_view("a\0b", 3), invalid_name},
      {"a\x7f", invalid_name},
      {"a\xc3\xa4", invalid_name},
      {"a\r\nb", invalid_name},
      {"(a)", invalid_name},
  };
  for (const auto& row : rows) EXPECT_EQ(tag_of(row.name), row.tag) << row.name;
  for (std::size_t i = 1; i < field_id_count; ++i) {
    const auto id = static_cast<field_id>(i);
    EXPECT_EQ(tag_of(name_of(id)), tag_of(id));
    EXPECT_EQ(tag_of(canonical_name_of(id)), uppercase_name);
  }
}

TEST(name_tag, names_of_pseudo_fields) {
  for (int i = 0; i < static_cast<int>(pseudo_field::unknown); ++i) {
    const auto f = static_cast<pseudo_field>(i);
    EXPECT_EQ(tag_of(name_of(f)), tag_of(f));
  }
  EXPECT_EQ(name_of(pseudo_field::unknown), "");
}

}  // namespace
}  // namespace parley::semantics
