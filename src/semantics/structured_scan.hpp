// What the readers of structured fields share (RFC 9651 §4.2): each takes what it reads from the front of `rest`.
#pragma once

#include <cstddef>
#include <string_view>

#include "semantics/structured.hpp"

namespace parley::semantics::sf::scan {

inline bool take_char(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

/// Takes all bytes at the front that are in `set`.
inline void skip(std::string_view& rest, std::string_view set) {
  const std::size_t n = rest.find_first_not_of(set);
  rest.remove_prefix(n == rest.npos ? rest.size() : n);
}

/// §4.2.3.3; empty when there is none.
[[nodiscard]] std::string_view take_key(std::string_view& rest);

/// §4.2.3.1: sets `what` and `number` of `m`; false when there is no valid bare item.
[[nodiscard]] bool take_bare_item(std::string_view& rest, member& m);

/// §4.2.3.2: none, or each with its `;`; false when one is not valid.
[[nodiscard]] bool take_parameters(std::string_view& rest);

/// Without the spaces around it (§4.2, steps 2 and 6).
[[nodiscard]] inline std::string_view trim(std::string_view value) {
  skip(value, " ");
  const std::size_t last = value.find_last_not_of(' ');
  return value.substr(0, last == value.npos ? 0 : last + 1);
}

/// What follows a member of a list or dictionary: the end, or a comma that another member follows (§4.2.1, §4.2.2). False at a fault.
[[nodiscard]] inline bool take_separator(std::string_view& rest) {
  skip(rest, " \t");
  if (rest.empty()) return true;
  if (!take_char(rest, ',')) return false;
  skip(rest, " \t");
  return !rest.empty();  // no comma at the end
}

}  // namespace parley::semantics::sf::scan
