// What this build of the library can do.
#pragma once

#include <parley/config.hpp>
#include <parley/version.hpp>

#include <string>
#include <vector>

namespace parley {

/// Whether it speaks this version: HTTP/3 needs a build with ngtcp2.
[[nodiscard]] PARLEY_API bool has_version(version v);

/// What it can do, and by which libraries, as they are at run time: `HTTP/3 by ngtcp2 1.11.0`, `TLS by GnuTLS 3.8.9`. For people: a line each.
[[nodiscard]] PARLEY_API std::vector<std::string> features();

}  // namespace parley
