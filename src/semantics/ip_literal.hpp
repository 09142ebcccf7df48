// IPv4 and IPv6 addresses as text (RFC 3986 §3.2.2, RFC 5952).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::semantics {

using ipv4_bytes = std::array<std::uint8_t, 4>;
using ipv6_bytes = std::array<std::uint8_t, 16>;

/// Four decimal octets without leading zeros, as RFC 3986 has it: nothing for `127.1` or `0177.0.0.1`.
[[nodiscard]] std::optional<ipv4_bytes> parse_ipv4(std::string_view text);
/// Without brackets and without zone.
[[nodiscard]] std::optional<ipv6_bytes> parse_ipv6(std::string_view text);

/// RFC 5952: lower case, the longest run of two or more zero groups as `::`.
[[nodiscard]] std::string to_text(const ipv6_bytes& address);
[[nodiscard]] std::string to_text(const ipv4_bytes& address);

}  // namespace parley::semantics
