// Whether a page is well-formed HTML as we write it: every element closed where it must be, attributes quoted and told once, ids
// unique, characters escaped.
#pragma once

#include <string>
#include <string_view>

namespace demo_test {

/// Empty when it is; else a sentence.
[[nodiscard]] std::string html_fault(std::string_view page);

}  // namespace demo_test
