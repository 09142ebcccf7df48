#include "fieldcode/stories.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>

namespace parley::fieldcode::test {

static story read_story(const std::filesystem::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file);
  story made{.name = path.parent_path().filename().string() + "/" + path.filename().string(),
             .folder = path.parent_path().filename().string(),
             .cases = {}};
  for (const auto& one : json.at("cases")) {
    story_case& added = made.cases.emplace_back();
    if (one.contains("wire")) added.wire = unhex(one.at("wire").get<std::string>());
    if (one.contains("header_table_size") && one.at("header_table_size").is_number())
      added.table_size = one.at("header_table_size").get<std::size_t>();
    for (const auto& header : one.at("headers")) {
      for (const auto& [name, value] : header.items()) added.fields.push_back({name, value.get<std::string>()});
    }
  }
  return made;
}

std::vector<story> read_stories(std::string& missing) {
  const char* vectors = std::getenv("PARLEY_VECTORS");
  const std::filesystem::path folder =
      std::filesystem::path(vectors != nullptr ? vectors : "../shared/vectors") / "hpack-test-case";
  std::vector<story> stories;
  if (!std::filesystem::exists(folder)) {
    missing = folder.string() + " is not here; set PARLEY_VECTORS";
    return stories;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") stories.push_back(read_story(entry.path()));
  }
  std::ranges::sort(stories, {}, &story::name);
  return stories;
}

}  // namespace parley::fieldcode::test

#else

namespace parley::fieldcode::test {

std::vector<story> read_stories(std::string& missing) {
  missing = "nlohmann-json is not installed, so the stories cannot be read; run ./dev setup test";
  return {};
}

}  // namespace parley::fieldcode::test

#endif
