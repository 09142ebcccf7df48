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

}  // namespace
}  // namespace parley::tool
