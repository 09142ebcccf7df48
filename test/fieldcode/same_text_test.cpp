#include "fieldcode/same_text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "fieldcode/field_hash.hpp"

namespace parley::fieldcode::test {
namespace {

TEST(same_text, every_size_and_every_difference) {
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(same_text(text, std::string(size, 'x')));
    EXPECT_FALSE(same_text(text, std::string(size + 1, 'x')));
    EXPECT_EQ(field_hash(text, 5), field_hash(std::string(size, 'x'), 5));
    EXPECT_NE(field_hash(text, 5), field_hash(text, 6));
    EXPECT_NE(field_hash(text, 5), field_hash(text + "x", 5));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'X';
      EXPECT_FALSE(same_text(text, other)) << size << " at " << at;
      EXPECT_NE(field_hash(text, 5), field_hash(other, 5)) << size << " at " << at;
    }
  }
}

}  // namespace
}  // namespace parley::fieldcode::test
