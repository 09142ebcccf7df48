// Public suffixes: domains below which everybody may register names (publicsuffix.org), by libpsl.
#pragma once

#include <string_view>

namespace parley::fetching {

/// Lower case, without dots around it; `xn--` for names beyond ASCII. Where libpsl has no list, every domain counts as one. Any thread.
[[nodiscard]] bool is_public_suffix(std::string_view domain);

}  // namespace parley::fetching
