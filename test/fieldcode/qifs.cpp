#include "fieldcode/qifs.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace parley::fieldcode::test {

static std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

static qif read_qif(const std::filesystem::path& path) {
  qif made{.name = path.stem().string(), .lists = {}};
  std::ifstream file(path);
  field_list list;
  const auto finish = [&] {
    if (!list.empty()) made.lists.push_back(std::move(list));
    list.clear();
  };
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) finish();
    if (line.empty() || line[0] == '#') continue;
    const std::size_t tab = line.find('\t');
    list.push_back({line.substr(0, tab), tab == std::string::npos ? "" : line.substr(tab + 1)});
  }
  finish();
  return made;
}

static encoded_file read_encoded(const std::filesystem::path& path) {
  encoded_file made{.name = path.parent_path().filename().string() + "/" + path.filename().string(), .list = {}, .chunks = {}};
  // <list>.out[.<capacity>.<blocked streams>.<acknowledged>]
  const std::string name = path.filename().string();
  const std::size_t out = name.find(".out");
  made.list = name.substr(0, out);
  if (out != std::string::npos && out + 5 < name.size()) {
    std::size_t numbers[3] = {};
    const char* p = name.data() + out + 5;
    for (std::size_t& number : numbers) p = std::from_chars(p, name.data() + name.size(), number).ptr + 1;
    made.table_capacity = numbers[0];
    made.blocked_streams = numbers[1];
    made.acknowledged = numbers[2] != 0;
  }
  const std::string all = read_whole(path);
  const auto big = [&all](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(all[at + i]);
    return value;
  };
  for (std::size_t at = 0; at + 12 <= all.size();) {
    const auto length = static_cast<std::size_t>(big(at + 8, 4));
    made.chunks.push_back({big(at, 8), all.substr(at + 12, length)});
    at += 12 + length;
  }
  return made;
}

qif_folder read_qifs(std::string& missing) {
  const char* vectors = std::getenv("PARLEY_VECTORS");
  const std::filesystem::path folder = std::filesystem::path(vectors != nullptr ? vectors : "../shared/vectors") / "qpack-qifs";
  qif_folder made;
  if (!std::filesystem::exists(folder)) {
    missing = folder.string() + " is not here; set PARLEY_VECTORS";
    return made;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder / "qifs")) {
    if (entry.path().extension() == ".qif") made.lists.push_back(read_qif(entry.path()));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "encoded")) {
    if (!entry.is_regular_file()) continue;
    const bool error = entry.path().parent_path().filename() == "errors";
    (error ? made.errors : made.encoded).push_back(read_encoded(entry.path()));
  }
  std::ranges::sort(made.lists, {}, &qif::name);
  std::ranges::sort(made.encoded, {}, &encoded_file::name);
  std::ranges::sort(made.errors, {}, &encoded_file::name);
  return made;
}

}  // namespace parley::fieldcode::test
