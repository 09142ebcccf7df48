#include "semantics/negotiation.hpp"

#include <parley/media_type.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ascii.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {
namespace {

constexpr std::uint16_t full_weight = 1000;
constexpr std::size_t max_language_ranges = 64;  // that are looked up; each is compared with each offer

// How well one element of the list fits an offer; 0 for not at all.
using specificity = unsigned;

struct best_match {
  specificity how = 0;
  std::uint16_t weight = 0;
};

struct weighted_element {
  std::string_view value;       // without its weight
  std::string_view parameters;  // those before `q`
  std::uint16_t weight = full_weight;
};

// Splits the weight off; nothing when the element breaks the grammar.
std::optional<weighted_element> read_element(std::string_view element) {
  const auto [value, parameters] = split_parameters(element);
  weighted_element result{value, parameters, full_weight};
  parameter_reader reader(parameters);
  while (auto found = reader.next()) {
    if (!base::iequals(found->name, "q")) continue;
    const auto weight = parse_weight(found->raw);
    if (!weight) return std::nullopt;
    result.weight = *weight;
    // What follows the weight are extensions that nobody uses (RFC 9110 §12.5.1).
    const std::size_t before = static_cast<std::size_t>(found->name.data() - parameters.data());
    result.parameters = parameters.substr(0, parameters.substr(0, before).rfind(';'));
    return result;
  }
  if (!reader.valid()) return std::nullopt;
  return result;
}

// A `Matcher` is made of an element and gives the specificity with which that fits an offer. Nothing when no element was valid.
template <class Matcher>
std::optional<std::vector<best_match>> match_all(std::string_view field, std::span<const std::string_view> offers) {
  std::vector<best_match> matches(offers.size());
  bool any = false;
  list_reader list(field);
  while (const auto text = list.next()) {
    const auto element = read_element(*text);
    if (!element) continue;
    const Matcher matcher(*element);
    if (!matcher.valid()) continue;
    any = true;
    for (std::size_t i = 0; i < offers.size(); ++i) {
      const specificity how = matcher.fit(offers[i]);
      if (how > matches[i].how) matches[i] = {how, element->weight};
    }
  }
  if (!any) return std::nullopt;
  return matches;
}

std::optional<std::size_t> heaviest(const std::vector<best_match>& matches) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (matches[i].weight > (best ? matches[*best].weight : 0)) best = i;
  }
  return best;
}

std::optional<std::size_t> first_offer(std::span<const std::string_view> offers) {
  if (offers.empty()) return std::nullopt;
  return 0;
}

class media_range_matcher {
 public:
  explicit media_range_matcher(const weighted_element& element)
      : range_(media_type::parse(std::string(element.value).append(element.parameters))) {}
  [[nodiscard]] bool valid() const { return range_.has_value(); }
  [[nodiscard]] specificity fit(std::string_view offer) const {
    const auto type = media_type::parse(offer);
    if (!type || !type->matches(*range_)) return 0;
    if (range_->type() == "*") return 1;
    if (range_->subtype() == "*") return 2;
    return 3 + static_cast<specificity>(range_->parameters().size());
  }

 private:
  std::optional<media_type> range_;
};

class coding_matcher {
 public:
  explicit coding_matcher(const weighted_element& element) : name_(element.value) {}
  [[nodiscard]] bool valid() const { return base::is_token(name_); }
  [[nodiscard]] specificity fit(std::string_view offer) const {
    if (base::iequals(name_, offer)) return 2;
    // RFC 9110 §8.4.1.3
    if (base::iequals(name_, "x-gzip") && base::iequals(offer, "gzip")) return 2;
    return name_ == "*" ? 1 : 0;
  }

 private:
  std::string_view name_;
};

class language_matcher {
 public:
  explicit language_matcher(const weighted_element& element) : range_(element.value) {}
  [[nodiscard]] bool valid() const { return base::is_token(range_); }
  // RFC 4647 §3.3.1: `de` covers `de-CH`.
  [[nodiscard]] specificity fit(std::string_view offer) const {
    if (range_ == "*") return 1;
    const std::string_view beginning = offer.substr(0, range_.size());
    const bool whole_subtags = offer.size() == beginning.size() || offer[beginning.size()] == '-';
    return whole_subtags && base::iequals(beginning, range_) ? 1 + static_cast<specificity>(range_.size()) : 0;
  }

 private:
  std::string_view range_;
};

}  // namespace

std::optional<std::size_t> preferred(std::string_view accept, std::span<const std::string_view> offers) {
  const auto matches = match_all<media_range_matcher>(accept, offers);
  if (!matches) return first_offer(offers);
  auto best = heaviest(*matches);
  // `application/json, */*` asks for JSON, although the weights are equal.
  for (std::size_t i = 0; best && i < matches->size(); ++i) {
    const best_match& one = (*matches)[i];
    if (one.weight == (*matches)[*best].weight && one.how > (*matches)[*best].how) best = i;
  }
  return best;
}

std::optional<std::size_t> preferred_coding(std::string_view accept_encoding, bool present,
                                            std::span<const std::string_view> offers) {
  if (!present) return first_offer(offers);
  auto matches = match_all<coding_matcher>(accept_encoding, offers).value_or(std::vector<best_match>(offers.size()));
  for (std::size_t i = 0; i < offers.size(); ++i) {
    // RFC 9110 §12.5.3: identity is acceptable unless it is excluded, though less than what is asked for.
    if (matches[i].how == 0 && base::iequals(offers[i], "identity")) matches[i].weight = 1;
  }
  return heaviest(matches);
}

std::optional<std::size_t> preferred_language(std::string_view accept_language, std::span<const std::string_view> offers) {
  const auto matches = match_all<language_matcher>(accept_language, offers);
  return matches ? heaviest(*matches) : first_offer(offers);
}

namespace {

// RFC 4647 §3.4: the last subtag goes, and a single letter or digit before it too.
std::string_view shortened(std::string_view range) {
  std::size_t dash = range.rfind('-');
  if (dash != range.npos && dash >= 2 && range[dash - 2] == '-') dash -= 2;
  return range.substr(0, dash == range.npos ? 0 : dash);
}

}  // namespace

std::optional<std::size_t> lookup_language(std::string_view accept_language, std::span<const std::string_view> offers) {
  std::vector<weighted_element> ranges;
  list_reader list(accept_language);
  while (const auto text = list.next()) {
    const auto element = read_element(*text);
    if (element && ranges.size() < max_language_ranges) ranges.push_back(*element);
  }
  const auto excluded = [&](std::string_view tag) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& one) { return one.weight == 0 && base::iequals(one.value, tag); });
  };
  // The heaviest first, among equals the one that was named first.
  for (std::size_t tried = 0; tried < ranges.size(); ++tried) {
    const auto heaviest =
        std::max_element(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.weight < b.weight; });
    if (heaviest->weight == 0) return std::nullopt;
    for (std::string_view range = heaviest->value; !range.empty(); range = shortened(range)) {
      for (std::size_t i = 0; i < offers.size(); ++i) {
        if (base::iequals(offers[i], range) && !excluded(offers[i])) return i;
      }
    }
    *heaviest = {.value = {}, .parameters = {}, .weight = 0};
  }
  return std::nullopt;
}

}  // namespace parley::semantics
