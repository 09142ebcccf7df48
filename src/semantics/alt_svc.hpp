// Alt-Svc (RFC 7838 §3): where else an origin is served.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::semantics {

struct alternative_service {
  std::string protocol;  // its ALPN name, such as `h3`
  std::string host;      // in lower case, without brackets; empty: the origin's own
  std::uint16_t port = 0;
  std::chrono::seconds max_age{24 * 3600};  // `ma`
  bool persist = false;                     // outlives a change of the network
};

struct alt_svc {
  bool clear = false;                         // all that was said before is void
  std::vector<alternative_service> services;  // the server's favourite first
};

/// What a field may hold; beyond it the field counts as malformed.
inline constexpr std::size_t longest_alt_svc = 4096;
inline constexpr std::size_t most_alternatives = 16;
/// No service is believed in for longer.
inline constexpr std::chrono::hours longest_alternative{24 * 365};

/// Nothing when the value is malformed anywhere: then nothing of it counts. Parameters that nobody knows are passed over.
[[nodiscard]] std::optional<alt_svc> parse_alt_svc(std::string_view value);

}  // namespace parley::semantics
