#include "semantics/digest_field.hpp"

#include <cstdint>
#include <utility>
#include <variant>

#include "semantics/structured_value.hpp"

namespace parley::semantics {

std::optional<std::vector<field_digest>> parse_digests(std::string_view value) {
  const auto members = sf::parse_dictionary(value);
  if (!members) return std::nullopt;
  std::vector<field_digest> digests;
  for (const auto& [key, member] : *members) {
    const auto* const one = std::get_if<sf::item>(&member);
    const auto* const bytes = one != nullptr ? std::get_if<sf::byte_sequence>(&one->value) : nullptr;
    if (bytes == nullptr) return std::nullopt;
    digests.push_back({key, bytes->bytes});
  }
  return digests;
}

std::optional<std::string> to_text(const std::vector<field_digest>& digests) {
  sf::dictionary members;
  for (const field_digest& one : digests) members.emplace_back(one.algorithm, sf::item{sf::byte_sequence{one.bytes}});
  return sf::serialise(members);
}

std::optional<std::string_view> wanted_digest(std::string_view value, const std::vector<std::string_view>& offers) {
  const auto members = sf::parse_dictionary(value);
  if (!members) return std::nullopt;
  std::optional<std::string_view> best;
  std::int64_t best_weight = 0;
  for (const auto& [key, member] : *members) {
    const auto* const one = std::get_if<sf::item>(&member);
    const auto* const weight = one != nullptr ? std::get_if<std::int64_t>(&one->value) : nullptr;
    if (weight == nullptr || *weight < 0 || *weight > 10) return std::nullopt;
    for (const std::string_view offer : offers) {
      if (offer != key || *weight <= best_weight) continue;
      best = offer;
      best_weight = *weight;
    }
  }
  return best;
}

}  // namespace parley::semantics
