#include "semantics/vary.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::semantics {
namespace {

TEST(vary, names_are_said_once) {
  const struct {
    std::vector<std::string_view> lines;
    std::string_view name, result;
  } rows[] = {
      {{}, "Accept", "Accept"},
      {{"Accept"}, "Accept", "Accept"},
      {{"accept"}, "Accept", "accept"},
      {{"Accept"}, "Accept-Encoding", "Accept, Accept-Encoding"},
      {{"Accept", "Origin"}, "Accept-Encoding", "Accept, Origin, Accept-Encoding"},
      {{"*"}, "Accept", "*"},
      {{"Origin, *"}, "Accept", "Origin, *"},
      {{""}, "Accept", "Accept"},
  };
  for (const auto& row : rows) {
    fields f;
    for (const auto line : row.lines) f.add("Vary", line);
    add_vary(f, row.name);
    EXPECT_EQ(f.joined("Vary"), row.result);
  }
}

}  // namespace
}  // namespace parley::semantics
