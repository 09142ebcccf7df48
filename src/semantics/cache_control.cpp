#include "semantics/cache_control.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

namespace {

struct timed_directive {
  std::string_view name;
  std::optional<std::chrono::seconds> cache_control::* member;
};
constexpr std::array<timed_directive, 6> timed_directives{{
    {"max-age", &cache_control::max_age},
    {"s-maxage", &cache_control::s_maxage},
    {"stale-while-revalidate", &cache_control::stale_while_revalidate},
    {"stale-if-error", &cache_control::stale_if_error},
    {"max-stale", &cache_control::max_stale},
    {"min-fresh", &cache_control::min_fresh},
}};

struct plain_directive {
  std::string_view name;
  bool cache_control::* member;
  std::vector<std::string> cache_control::* names = nullptr;  // of the fields that it may be limited to
};
constexpr std::array<plain_directive, 10> plain_directives{{
    {"no-store", &cache_control::no_store},
    {"no-cache", &cache_control::no_cache, &cache_control::no_cache_fields},
    {"no-transform", &cache_control::no_transform},
    {"must-revalidate", &cache_control::must_revalidate},
    {"proxy-revalidate", &cache_control::proxy_revalidate},
    {"must-understand", &cache_control::must_understand},
    {"private", &cache_control::private_, &cache_control::private_fields},
    {"public", &cache_control::public_},
    {"immutable", &cache_control::immutable},
    {"only-if-cached", &cache_control::only_if_cached},
}};

// A number, quoted or not: senders differ (RFC 9111 §5.2.2.1).
std::chrono::seconds cache_time(const std::string& text) {
  if (text.empty() || !base::all_of_class(text, base::class_digit)) return std::chrono::seconds{0};
  const std::uint64_t longest = static_cast<std::uint64_t>(longest_cache_time.count());
  return std::chrono::seconds{static_cast<std::int64_t>(std::min(base::parse_decimal(text).value_or(longest), longest))};
}

std::vector<std::string> field_names(const std::string& text) {
  std::vector<std::string> names;
  list_reader list(text);
  while (const auto name = list.next()) names.emplace_back(*name);
  return names;
}

void take_directive(cache_control& said, std::string_view name, const std::optional<std::string>& argument) {
  for (const auto& one : timed_directives) {
    if (!base::iequals(name, one.name)) continue;
    if (said.*one.member) return;
    if (!argument && one.name == "max-stale") {
      said.*one.member = std::chrono::seconds::max();
    } else {
      said.*one.member = cache_time(argument.value_or(""));
    }
    return;
  }
  for (const auto& one : plain_directives) {
    if (!base::iequals(name, one.name)) continue;
    if (said.*one.member) return;
    said.*one.member = true;
    if (one.names != nullptr && argument) said.*one.names = field_names(*argument);
    return;
  }
}

}  // namespace

cache_control parse_cache_control(std::string_view value) {
  cache_control said;
  list_reader list(value);
  while (const auto element = list.next()) {
    const std::size_t equals = element->find('=');
    const std::string_view name = element->substr(0, equals);
    std::optional<std::string> argument;
    if (equals != element->npos) argument = parameter{name, element->substr(equals + 1)}.value();
    take_directive(said, name, argument);
  }
  return said;
}

std::string to_text(const cache_control& said) {
  std::string text;
  const auto begin = [&](std::string_view name) {
    if (!text.empty()) text += ", ";
    text += name;
  };
  for (const auto& one : plain_directives) {
    if (!(said.*one.member)) continue;
    begin(one.name);
    if (one.names == nullptr || (said.*one.names).empty()) continue;
    text += "=\"";
    for (const std::string& name : said.*one.names) {
      if (&name != &(said.*one.names).front()) text += ", ";
      text += name;
    }
    text += '"';
  }
  for (const auto& one : timed_directives) {
    const auto& time = said.*one.member;
    if (!time) continue;
    begin(one.name);
    if (*time == std::chrono::seconds::max()) continue;
    text += '=';
    base::append_decimal(text, static_cast<std::uint64_t>(std::clamp(*time, std::chrono::seconds{0}, longest_cache_time).count()));
  }
  return text;
}

}  // namespace parley::semantics
