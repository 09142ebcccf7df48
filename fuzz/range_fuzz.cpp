// Ranges: what is chosen lies within the length, apart, in few parts; Content-Range reads as it was written. The first bytes are the length.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "semantics/byteranges.hpp"
#include "semantics/range.hpp"

namespace {

using namespace parley::semantics;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_choice(std::string_view text, std::uint64_t length, const range_caps& caps) {
  const auto chosen = choose_ranges(text, length, caps);
  require((chosen.answer == range_answer::partial) == !chosen.parts.empty());
  require(chosen.parts.size() <= caps.parts);
  auto sorted = chosen.parts;
  std::sort(sorted.begin(), sorted.end(), [](const byte_range& a, const byte_range& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    require(sorted[i].first <= sorted[i].last && sorted[i].last < length);
    if (i > 0) require(sorted[i].first - sorted[i - 1].last > caps.bridged_gap + 1);
    const content_range where{.range = sorted[i], .complete = length};
    require(parse_content_range(to_text(where)) == where);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint64_t length = static_cast<std::uint64_t>(data[0]) << (data[1] % 57);
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  check_choice(text, length, {});
  check_choice(text, length, {.specs = 8, .parts = 3, .bridged_gap = 0});
  if (const auto value = parse_content_range(text)) require(parse_content_range(to_text(*value)) == value);
  return 0;
}
