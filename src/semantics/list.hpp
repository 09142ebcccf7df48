// Comma-separated lists, parameters, quoted strings and weights (RFC 9110 §5.6, §12.4.2).
#pragma once

#include <parley/fields.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "semantics/fields_access.hpp"

namespace parley::semantics {

/// RFC 9110 §5.6.1.2: a recipient ignores a reasonable number of empty elements. So many, then the list is not valid.
inline constexpr std::size_t max_empty_elements = 16;

/// Reads the elements of one field value, without surrounding white space; a comma within a quoted string does not split.
class list_reader {
 public:
  explicit list_reader(std::string_view value) : rest_(value) {}

  /// The next element that is not empty. Nothing at the end, or at a fault: see `valid`.
  std::optional<std::string_view> next();
  /// False once a quoted string without an end or too many empty elements were met.
  [[nodiscard]] bool valid() const { return valid_; }

 private:
  std::string_view rest_;
  std::size_t empty_ = 0;
  bool valid_ = true;
  bool done_ = false;
};

/// Calls `visit(std::string_view)` for each element of each line of that name, in order. False when one of the lines is no valid
/// list; elements before the fault were visited.
template <class Visit>
bool for_each_element(const parley::fields& f, field_id id, Visit&& visit) {
  using access = parley::detail::fields_access;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const auto& slot = access::slot(f, i);
    if (slot.id != static_cast<std::uint16_t>(id)) continue;
    list_reader list(access::value(f, slot));
    while (auto element = list.next()) visit(*element);
    if (!list.valid()) return false;
  }
  return true;
}

/// One `name=value`. `raw` keeps the quotes of a quoted string.
struct parameter {
  std::string_view name;
  std::string_view raw;
  /// The value, unquoted.
  [[nodiscard]] std::string value() const;
  /// The value equals `token` but for case, quoted or not.
  [[nodiscard]] bool value_is(std::string_view token) const;
};

/// Reads `*( OWS ";" OWS [ parameter ] )` (RFC 9110 §5.6.6): no white space around `=`.
class parameter_reader {
 public:
  /// `text` is what follows the value proper: it is empty or begins, after white space, with `;`.
  explicit parameter_reader(std::string_view text) : rest_(text) {}

  std::optional<parameter> next();
  [[nodiscard]] bool valid() const { return valid_; }

 private:
  std::string_view rest_;
  bool valid_ = true;
};

/// The part of a list element before its first `;`, without surrounding white space, and the rest with it.
struct element_parts {
  std::string_view value;
  std::string_view parameters;
};
[[nodiscard]] element_parts split_parameters(std::string_view element);

/// The length of the quoted string at the beginning of `text`, quotes included; 0 when there is none or it is not valid.
[[nodiscard]] std::size_t quoted_string_length(std::string_view text);
/// The content of a complete quoted string (RFC 9110 §5.6.4); nothing when `text` is none.
[[nodiscard]] std::optional<std::string> unquote(std::string_view text);
/// `text` as it is when it is a token, else as a quoted string. `text` has no control characters but the tab.
[[nodiscard]] std::string quote_unless_token(std::string_view text);

/// RFC 9110 §12.4.2: `0` to `1` with at most three decimals, in thousandths: `0.8` is 800.
[[nodiscard]] std::optional<std::uint16_t> parse_weight(std::string_view text);

}  // namespace parley::semantics
