#include "semantics/range.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

namespace {

// Digits; a number that does not fit is as good as the largest one (§14.1.2).
std::optional<std::uint64_t> position_of(std::string_view text) {
  if (text.empty() || !base::all_of_class(text, base::class_digit)) return std::nullopt;
  return base::parse_decimal(text).value_or(UINT64_MAX);
}

// `bytes` and what follows it, if that is the unit; names of units have no case (§14.1).
std::optional<std::string_view> after_unit(std::string_view value, char separator) {
  constexpr std::string_view unit = "bytes";
  if (value.size() <= unit.size() || value[unit.size()] != separator || !base::iequals(value.substr(0, unit.size()), unit))
    return std::nullopt;
  return value.substr(unit.size() + 1);
}

struct asked_range {
  byte_range where;
  std::size_t place = 0;  // among those that were asked for
};

// `of_nothing`: satisfiable, but no Content-Range could say by which bytes (§14.4).
enum class spec_kind : std::uint8_t { invalid, unsatisfiable, of_nothing, good };

// One range-spec, cut to the length.
spec_kind read_range_spec(std::string_view text, std::uint64_t length, byte_range& out) {
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return spec_kind::invalid;
  const std::string_view last_text = text.substr(dash + 1);
  if (dash == 0) {
    const auto suffix = position_of(last_text);
    if (!suffix) return spec_kind::invalid;
    if (*suffix == 0) return spec_kind::unsatisfiable;
    if (length == 0) return spec_kind::of_nothing;
    out = {length - std::min(*suffix, length), length - 1};
    return spec_kind::good;
  }
  const auto first = position_of(text.substr(0, dash));
  const auto last = last_text.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : position_of(last_text);
  if (!first || !last || *last < *first) return spec_kind::invalid;
  if (*first >= length) return spec_kind::unsatisfiable;
  out = {*first, std::min(*last, length - 1)};
  return spec_kind::good;
}

// §15.3.7.2: what overlaps, or is too near to be worth a part of its own, becomes one, at the place of its earliest piece.
std::vector<byte_range> merged(std::vector<asked_range> asked, std::uint64_t gap) {
  std::sort(asked.begin(), asked.end(), [](const asked_range& a, const asked_range& b) { return a.where.first < b.where.first; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < asked.size(); ++i) {
    asked_range& into = asked[kept];
    const asked_range& next = asked[i];
    const bool near = next.where.first <= into.where.last || next.where.first - into.where.last - 1 <= gap;
    if (near) {
      into.where.last = std::max(into.where.last, next.where.last);
      into.place = std::min(into.place, next.place);
    } else {
      asked[++kept] = next;
    }
  }
  if (!asked.empty()) asked.resize(kept + 1);
  std::sort(asked.begin(), asked.end(), [](const asked_range& a, const asked_range& b) { return a.place < b.place; });
  std::vector<byte_range> parts;
  parts.reserve(asked.size());
  for (const asked_range& one : asked) parts.push_back(one.where);
  return parts;
}

}  // namespace

chosen_ranges choose_ranges(std::string_view range, std::uint64_t length, const range_caps& caps) {
  const auto set = after_unit(base::trim_ows(range), '=');
  if (!set) return {};
  bool all_of_nothing = false;
  std::vector<asked_range> asked;
  list_reader list(*set);
  std::size_t specs = 0;
  while (const auto text = list.next()) {
    asked_range one{.where = {}, .place = specs};
    if (++specs > caps.specs) return {};
    switch (read_range_spec(*text, length, one.where)) {
      case spec_kind::invalid: return {};
      case spec_kind::unsatisfiable: break;
      case spec_kind::of_nothing: all_of_nothing = true; break;
      case spec_kind::good: asked.push_back(one); break;
    }
  }
  if (!list.valid() || specs == 0 || all_of_nothing) return {};
  if (asked.empty()) return {.answer = range_answer::unsatisfiable};
  chosen_ranges result{.answer = range_answer::partial, .parts = merged(std::move(asked), caps.bridged_gap)};
  if (result.parts.size() > caps.parts) return {};
  return result;
}

std::string range_from(std::uint64_t first) {
  std::string text = "bytes=";
  base::append_decimal(text, first);
  return text += '-';
}

std::optional<content_range> parse_content_range(std::string_view value) {
  const auto rest = after_unit(base::trim_ows(value), ' ');
  if (!rest) return std::nullopt;
  const std::size_t slash = rest->find('/');
  if (slash == rest->npos) return std::nullopt;
  const std::string_view where = rest->substr(0, slash);
  const std::string_view length = rest->substr(slash + 1);
  content_range result;
  if (length != "*") {
    result.complete = base::parse_decimal(length);
    if (!result.complete) return std::nullopt;
  }
  if (where == "*") return result.complete ? std::optional(result) : std::nullopt;
  const std::size_t dash = where.find('-');
  if (dash == where.npos) return std::nullopt;
  const auto first = base::parse_decimal(where.substr(0, dash));
  const auto last = base::parse_decimal(where.substr(dash + 1));
  if (!first || !last || *last < *first || (result.complete && *result.complete <= *last)) return std::nullopt;
  // The length of all 2^64 bytes has no place in a number.
  if (*first == 0 && *last == UINT64_MAX) return std::nullopt;
  result.range = {*first, *last};
  return result;
}

std::string to_text(const content_range& value) {
  std::string text = "bytes ";
  if (value.range) {
    base::append_decimal(text, value.range->first);
    text += '-';
    base::append_decimal(text, value.range->last);
  } else {
    text += '*';
  }
  text += '/';
  if (value.complete) {
    base::append_decimal(text, *value.complete);
  } else {
    text += '*';
  }
  return text;
}

std::string unsatisfied_range(std::uint64_t complete) {
  return to_text(content_range{.range = std::nullopt, .complete = complete});
}

}  // namespace parley::semantics
