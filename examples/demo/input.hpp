// What requests say, checked.
#pragma once

#include <parley/request.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace demo {

/// Digits only, from `least` to `most`.
[[nodiscard]] std::optional<std::int64_t> number(std::string_view text, std::int64_t least, std::int64_t most);

/// A number in the query; `otherwise` when it is not there. Throws `parley::problem_error` (400), naming it, for anything else.
[[nodiscard]] std::int64_t parameter(const parley::request& req, std::string_view name, std::int64_t least, std::int64_t most,
                                     std::int64_t otherwise);

/// As much of a text in UTF-8 as has so many characters; none is cut in two.
[[nodiscard]] std::string_view first_characters(std::string_view text, std::size_t most);

/// What is wrong with a line of text in UTF-8, as the end of a sentence (`must not be empty`); empty: nothing.
[[nodiscard]] std::string fault_of(std::string_view text, std::ptrdiff_t longest);

}  // namespace demo
