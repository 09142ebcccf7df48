// What the library advises, in this command's words.
#pragma once

#include <string>
#include <string_view>

namespace parley::tool {

/// The sentence with what the library calls a setting as the option that is meant, and without its `parley: `. `version`: the option that
/// asked for a version; empty: none did.
[[nodiscard]] std::string in_options(std::string sentence, std::string_view version = {});

}  // namespace parley::tool
