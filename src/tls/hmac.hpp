// Hashes for what a server signs and for what it must not keep as it is.
#pragma once

#include <array>
#include <string_view>

namespace parley::tls {

using sha256_value = std::array<unsigned char, 32>;

[[nodiscard]] sha256_value sha256(std::string_view text);
/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] sha256_value hmac_sha256(std::string_view key, std::string_view text);

}  // namespace parley::tls
