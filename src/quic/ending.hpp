// How a connection came to its end.
#pragma once

#include "engine/protocol_error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::quic {

struct ending {
  enum class cause : std::uint8_t {
    none,       // it has not ended
    us,         // we closed it, or found the peer to break a rule
    peer,       // it closed
    idle,       // no packet came for the idle time
    handshake,  // it took too long
    reset,      // a stateless reset: the peer knows nothing of this connection (RFC 9000 §10.3)
    version,    // no version of QUIC in common
    dropped,    // its first packet was none
  };
  cause by = cause::none;
  /// The code is the application's (HTTP/3's), not QUIC's (RFC 9000 §20).
  bool application = false;
  std::uint64_t code = 0;
  /// For people. The peer's own words when it closed: escape them before they reach a terminal or a log.
  std::string reason;

  /// As an engine is told. `name` is stable, such as `idle-timeout` or `quic-flow-control`.
  [[nodiscard]] engine::protocol_error error() const;
};

/// The names of what a peer can do wrong in QUIC (`ending::error`), for who counts.
inline constexpr std::string_view transport_violation_names[] = {
    "quic-flow-control",   "quic-stream-limit",        "quic-stream-state",        "quic-final-size",
    "quic-frame-encoding", "quic-transport-parameter", "quic-connection-id-limit", "quic-protocol-violation",
    "quic-crypto-buffer",  "quic-key-update",          "quic-version-negotiation",
};

/// `FLOW_CONTROL_ERROR` and the like (RFC 9000 §20.1); TLS alerts (0x0100 to 0x01ff) are `CRYPTO_ERROR`.
[[nodiscard]] std::string_view transport_error_name(std::uint64_t code);

}  // namespace parley::quic
