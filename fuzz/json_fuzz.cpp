// JSON as a handler gets it: what is taken is JSON to others too, within our limits, and reads as the same when it is written.
#include <parley/json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t depth_of(const nlohmann::json& value) {
  if (!value.is_structured()) return 0;
  std::size_t deepest = 0;
  for (const auto& each : value) deepest = std::max(deepest, depth_of(each));
  return deepest + 1;
}

std::optional<nlohmann::json> read(std::string_view text, std::size_t depth) {
  try {
    return parley::parse_json(text, depth);
  } catch (const parley::problem_error& error) {
    require(error.what_problem().status() == 400);
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = read(text, parley::json_depth);
  const auto flat = read(text, 1);
  require(!flat || value);
  if (!value) return 0;
  require(nlohmann::json::accept(text));
  const std::size_t depth = depth_of(*value);
  require(depth <= parley::json_depth && flat.has_value() == (depth <= 1));
  require(read(value->dump(), parley::json_depth) == value);
  return 0;
}
