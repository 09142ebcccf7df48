#include "semantics/line_block.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::semantics {
namespace {

TEST(line_block, what_was_put_in_comes_out_whatever_its_size) {
  for (const std::size_t size : {0U, 1U, 100U, 5'000U}) {
    line_block lines;
    parley::detail::text_ref path;
    ASSERT_TRUE(lines.store("/path", path));
    const std::string value(size, 'v');
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(lines.append(0, "name" + std::to_string(i), value));
    EXPECT_EQ(lines.view(path), "/path");
    parley::fields f;
    f.add("before", "is gone");
    lines.give(f);
    ASSERT_EQ(f.size(), 60U);
    EXPECT_EQ(parley::detail::fields_access::view(f, path), "/path") << "refs stay";
    for (std::size_t i = 0; i < 60; ++i) {
      EXPECT_EQ(f[i].name, "name" + std::to_string(i));
      EXPECT_EQ(f[i].value, value);
    }
    f.set("name7", std::string(3'000, 'x'));
    f.add("more", "lines");
    EXPECT_EQ(parley::detail::fields_access::view(f, path), "/path") << "also when the fields change";
  }
}

TEST(line_block, a_bad_value_leaves_all_as_it_was) {
  line_block lines;
  parley::detail::text_ref where;
  EXPECT_FALSE(lines.store("a\nb", where));
  EXPECT_TRUE(lines.append(0, "a", "1"));
  EXPECT_FALSE(lines.append(0, "b", std::string(40, 'x') + '\r'));
  EXPECT_EQ(lines.count(), 1U);
  EXPECT_FALSE(lines.extend("; ", "2\x7f"));
  EXPECT_TRUE(lines.extend("; ", "3"));
  EXPECT_TRUE(lines.extend("", std::string(2'000, 'y')));
  parley::fields f;
  lines.give(f);
  ASSERT_EQ(f.size(), 1U);
  EXPECT_EQ(f[0].value, "1; 3" + std::string(2'000, 'y'));
}

TEST(line_block, gives_an_empty_one_too) {
  parley::fields f{{"a", "b"}};
  line_block lines;
  lines.give(f);
  EXPECT_TRUE(f.empty());
  f.add("c", "d");
  EXPECT_EQ(f.get("c"), "d");
  // What was filled and not given goes back to the pool.
  line_block dropped;
  EXPECT_TRUE(dropped.append(0, "a", "b"));
}

}  // namespace
}  // namespace parley::semantics
