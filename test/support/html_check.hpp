// Whether a page is well-formed HTML as we write it: every element closed where it must be, attributes quoted and told once, ids
// unique, characters escaped.
#pragma once

#include <string>
#include <string_view>

namespace demo_test {

/// Empty when it is; else a sentence. `own_style`: the page may have a style element.
[[nodiscard]] std::string html_fault(std::string_view page, bool own_style = false);

}  // namespace demo_test
