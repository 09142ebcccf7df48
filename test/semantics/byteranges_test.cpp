#include "semantics/byteranges.hpp"

#include <string>

#include <gtest/gtest.h>

#include "semantics/boundary.hpp"

namespace parley::semantics {
namespace {

// RFC 9110 §14.6
TEST(byteranges, the_answer_of_the_rfc) {
  const byteranges answer("THIS_STRING_SEPARATES", "application/pdf", {{500, 999}, {7000, 7999}}, 8000);
  EXPECT_EQ(answer.content_type(), "multipart/byteranges; boundary=THIS_STRING_SEPARATES");
  EXPECT_EQ(answer.head(0),
            "--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-999/8000\r\n\r\n");
  EXPECT_EQ(answer.head(1),
            "\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 7000-7999/8000\r\n\r\n");
  EXPECT_EQ(answer.end(), "\r\n--THIS_STRING_SEPARATES--\r\n");
  EXPECT_EQ(answer.content_length(), answer.head(0).size() + answer.head(1).size() + answer.end().size() + 1500);
  EXPECT_EQ(byteranges("b", "", {{0, 0}}, 1).head(0), "--b\r\nContent-Range: bytes 0-0/1\r\n\r\n");
}

TEST(boundary, made_and_checked) {
  base::seeded_random random(1);
  const std::string one = make_boundary(random);
  EXPECT_TRUE(is_boundary(one));
  EXPECT_NE(one, make_boundary(random));
  for (const char* good : {"a", "gc0pJq0M:08jU534c0p", "a b", "'()+_,-./:=?"}) EXPECT_TRUE(is_boundary(good)) << good;
  for (const char* bad : {"", "a ", "a\"", "a\r\n", "a;b", "\xc3\xa4", "a*", "a@"}) EXPECT_FALSE(is_boundary(bad)) << bad;
  EXPECT_TRUE(is_boundary(std::string(max_boundary, 'x')));
  EXPECT_FALSE(is_boundary(std::string(max_boundary + 1, 'x')));
}

}  // namespace
}  // namespace parley::semantics
