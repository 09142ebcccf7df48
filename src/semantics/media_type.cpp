#include <parley/media_type.hpp>

#include <algorithm>

#include "base/ascii.hpp"
#include "semantics/list.hpp"

namespace parley {

std::optional<media_type> media_type::parse(std::string_view text) {
  const auto [essence, parameters] = semantics::split_parameters(base::trim_ows(text));
  const std::size_t slash = essence.find('/');
  if (slash == essence.npos || !base::is_token(essence.substr(0, slash)) || !base::is_token(essence.substr(slash + 1)))
    return std::nullopt;

  media_type result;
  result.essence_ = base::to_lower(essence);
  result.slash_ = slash;
  semantics::parameter_reader reader(parameters);
  while (auto found = reader.next()) {
    if (result.get(found->name)) return std::nullopt;
    result.parameters_.push_back({base::to_lower(found->name), found->value()});
  }
  if (!reader.valid()) return std::nullopt;
  return result;
}

std::string_view media_type::suffix() const {
  const std::string_view name = subtype();
  const std::size_t plus = name.rfind('+');
  return plus == name.npos ? std::string_view{} : name.substr(plus + 1);
}

std::optional<std::string_view> media_type::get(std::string_view name) const {
  for (const parameter& p : parameters_) {
    if (base::iequals(p.name, name)) return p.value;
  }
  return std::nullopt;
}

bool media_type::matches(const media_type& range) const {
  const bool all = range.type() == "*" && range.subtype() == "*";
  const bool type_fits = all || (range.type() == type() && (range.subtype() == "*" || range.subtype() == subtype()));
  return type_fits && std::all_of(range.parameters_.begin(), range.parameters_.end(), [&](const parameter& wanted) {
           const auto given = get(wanted.name);
           // RFC 9110 §8.3.2: charset names have no case; other parameters are compared as they are.
           return given && (wanted.name == "charset" ? base::iequals(*given, wanted.value) : *given == wanted.value);
         });
}

bool media_type::matches(std::string_view range) const {
  const auto parsed = parse(range);
  return parsed && matches(*parsed);
}

std::string media_type::to_string() const {
  std::string text = essence_;
  for (const parameter& p : parameters_) {
    text += "; ";
    text += p.name;
    text += '=';
    text += semantics::quote_unless_token(p.value);
  }
  return text;
}

}  // namespace parley
