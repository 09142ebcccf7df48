// A session's values as the text of a row.
#pragma once

#include <parley/session.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace parley::store {

[[nodiscard]] std::string text_of_key(const session_key& key);
/// Never empty.
[[nodiscard]] std::string text_of_values(const session_values& values);
/// Nothing when it is no such text.
[[nodiscard]] std::optional<session_values> values_of(std::string_view text);

}  // namespace parley::store
