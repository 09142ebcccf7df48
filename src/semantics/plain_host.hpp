// The short way to see that an ordinary host is valid.
#pragma once

#include <string_view>

namespace parley::semantics {

/// Whether `value` is a name of at most 16 letters, digits, `-` and `.`, perhaps with a port: one that `parse_host` takes, and no
/// empty one. False says nothing. Memory can be read up to `readable`, whatever it holds.
[[nodiscard]] bool is_plain_host(std::string_view value, const char* readable);

}  // namespace parley::semantics
