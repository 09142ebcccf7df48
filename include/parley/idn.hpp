// Names of hosts beyond ASCII (IDNA).
//
//   auto host = parley::ascii_host("bücher.example");              // xn--bcher-kva.example
#pragma once

#include <parley/config.hpp>

#include <expected>
#include <string>
#include <string_view>

namespace parley {

/// A host's name as URLs, DNS and certificates have it: what is beyond ASCII, in UTF-8, becomes `xn--...`, as browsers do it (UTS #46,
/// non-transitional, with IDNA 2008's rules; RFC 5891). A name in ASCII, or an address, stays as it is. A sentence when it is no
/// name. Any thread.
[[nodiscard]] PARLEY_API std::expected<std::string, std::string> ascii_host(std::string_view name);

}  // namespace parley
