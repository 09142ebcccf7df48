#include "tool/nearest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::tool {
namespace {

TEST(EditDistance, CountsChanges) {
  EXPECT_EQ(edit_distance("get", "get"), 0u);
  EXPECT_EQ(edit_distance("gte", "get"), 1u);  // swapped neighbours
  EXPECT_EQ(edit_distance("gett", "get"), 1u);
  EXPECT_EQ(edit_distance("gt", "get"), 1u);
  EXPECT_EQ(edit_distance("put", "get"), 2u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
}

TEST(Nearest, NamesWhatWasMeantOrNothing) {
  const std::vector<std::string> commands{"get",     "head",  "post",    "put",   "patch", "delete",
                                          "options", "trace", "request", "serve", "demo"};
  EXPECT_EQ(nearest("gte", commands), "get");
  EXPECT_EQ(nearest("pathc", commands), "patch");
  EXPECT_EQ(nearest("server", commands), "serve");
  EXPECT_EQ(nearest("del", commands), "delete");
  EXPECT_EQ(nearest("reqest", commands), "request");
  EXPECT_EQ(nearest("xyzzy", commands), "");
  EXPECT_EQ(nearest("", commands), "");
}

TEST(Nearest, IsSilentWhereTooManyLettersDiffer) {
  const std::vector<std::string> options{"--cors", "--users", "--http", "--header", "--max-redirs", "--cookie-jar", "-o"};
  EXPECT_EQ(nearest("--bogus", options), "");  // three letters from --cors
  EXPECT_EQ(nearest("--abcd", options), "");
  EXPECT_EQ(nearest("--foo", options), "");
  EXPECT_EQ(nearest("--", options), "");
  EXPECT_EQ(nearest("--user", options), "--users");
  EXPECT_EQ(nearest("--htpt", options), "--http");
  EXPECT_EQ(nearest("--headres", options), "--header");
  EXPECT_EQ(nearest("--cookiejar", options), "--cookie-jar");
  EXPECT_EQ(nearest("--max", options), "--max-redirs");
  EXPECT_EQ(nearest("--users-file", options), "--users");
  EXPECT_EQ(nearest("--usersfile", options), "");
  EXPECT_EQ(nearest("--max-redirects", options), "--max-redirs");
}

}  // namespace
}  // namespace parley::tool
