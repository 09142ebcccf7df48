// The stories of hpack-test-case (https://github.com/http2jp/hpack-test-case): field lists that share one connection's tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {

struct story_case {
  std::string wire;  // bytes; empty in the folder raw-data
  field_list fields;
  std::optional<std::size_t> table_size;  // our SETTINGS_HEADER_TABLE_SIZE, acknowledged just before this case
};
struct story {
  std::string name;  // folder and file
  std::string folder;
  std::vector<story_case> cases;
};

/// All stories below $PARLEY_VECTORS/hpack-test-case, sorted; empty, with the reason in `missing`, where they cannot be read.
std::vector<story> read_stories(std::string& missing);

}  // namespace parley::fieldcode::test
