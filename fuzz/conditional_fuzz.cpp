// Preconditions: one line a field, whatever it says; the two ways to ask agree. The first byte chooses the representation.
#include <parley/fields.hpp>
#include <parley/method.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/ascii.hpp"
#include "semantics/conditional.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::semantics;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  constexpr std::string_view names[] = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
                                        "If-Range", "Range"};
  constexpr std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
  parley::fields f;
  for (std::string_view rest = text; !rest.empty() && f.size() < 12;) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) continue;
    const std::string_view value = parley::base::trim_ows(line.substr(1));
    if (!parley::base::all_of_class(value, parley::base::class_field_value)) continue;
    f.add(names[static_cast<unsigned char>(line[0]) % 6], value);
  }
  const bool dated = (data[0] & 4) != 0;
  const std::string_view tags[] = {"", "\"a\"", "W/\"a\"", "\"a,b\""};
  validators of{
      .entity_tag = tags[data[0] & 3], .modified = std::nullopt, .exists = (data[0] & 8) == 0, .strong_date = (data[0] & 16) != 0};
  if (dated) of.modified = now - std::chrono::hours(1);
  const auto get = evaluate_preconditions(parley::method::get, f, of, now);
  const auto head = evaluate_preconditions(f, true, of, now);
  if (get != head && !(get == precondition::ranges && head == precondition::proceed)) std::abort();
  if (evaluate_preconditions(parley::method::put, f, of, now) == precondition::not_modified) std::abort();
  if (!has_preconditions(f) && head != precondition::proceed) std::abort();
  return 0;
}
