// The value of --http and --https: `ADDR:PORT`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::tool {

struct listen_address {
  std::string host;  // an IP address without brackets
  std::uint16_t port = 0;

  /// `127.0.0.1:8080`, `[::1]:8080`.
  [[nodiscard]] std::string to_string() const;
};

/// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`. Throws `refusal` (usage), naming `option`, for anything else.
[[nodiscard]] listen_address parse_listen_address(std::string_view option, std::string_view text);

}  // namespace parley::tool
