// What the readers of structured fields share (RFC 9651 §4.2): each takes what it reads from the front of `rest`.
#pragma once

#include <string_view>

#include "semantics/structured.hpp"

namespace parley::semantics::sf::scan {

bool take_char(std::string_view& rest, char c);
/// Takes all bytes at the front that are in `set`.
void skip(std::string_view& rest, std::string_view set);

/// §4.2.3.3; empty when there is none.
[[nodiscard]] std::string_view take_key(std::string_view& rest);

/// §4.2.3.1: sets `what` and `number` of `m`; false when there is no valid bare item.
[[nodiscard]] bool take_bare_item(std::string_view& rest, member& m);

/// §4.2.3.2: none, or each with its `;`; false when one is not valid.
[[nodiscard]] bool take_parameters(std::string_view& rest);

/// Without the spaces around it (§4.2, steps 2 and 6).
[[nodiscard]] std::string_view trim(std::string_view value);

/// What follows a member of a list or dictionary: the end, or a comma that another member follows (§4.2.1, §4.2.2). False at a fault.
[[nodiscard]] bool take_separator(std::string_view& rest);

}  // namespace parley::semantics::sf::scan
