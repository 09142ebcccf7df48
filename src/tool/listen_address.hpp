// The value of --http and --https: `ADDR:PORT`, or `unix:PATH`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::tool {

struct listen_address {
  std::string host;  // an IP address without brackets
  std::uint16_t port = 0;
  std::string unix_url;  // `unix:PATH`, perhaps with parameters; then the rest is empty

  /// `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/parley.sock?mode=0660`.
  [[nodiscard]] std::string to_string() const;
  /// What `server::listen` takes.
  [[nodiscard]] std::string url(std::string_view scheme) const;
  friend bool operator==(const listen_address&, const listen_address&) = default;
};

/// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or `unix:PATH`, whose parameters `server::listen` checks. Throws `refusal` (usage), naming `option`, for anything else.
[[nodiscard]] listen_address parse_listen_address(std::string_view option, std::string_view text);

}  // namespace parley::tool
