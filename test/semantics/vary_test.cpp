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

TEST(vary, what_is_said_is_found) {
  const std::pair<std::vector<std::string_view>, bool> rows[] = {
      {{}, false}, {{"Accept"}, false}, {{"Origin", "Accept, accept-encoding"}, true}, {{"*"}, true}};
  for (const auto& [lines, said] : rows) {
    fields f;
    for (const auto line : lines) f.add("Vary", line);
    EXPECT_EQ(varies_by(f, "Accept-Encoding"), said);
  }
}

}  // namespace
}  // namespace parley::semantics
