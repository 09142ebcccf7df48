// What a QUIC transport is set up with, at either end.
#pragma once

#include <parley/limits.hpp>

#include "base/random.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::quic {

using time_point = std::chrono::steady_clock::time_point;

enum class congestion : std::uint8_t { cubic, bbr };

struct transport_settings {
  parley::limits limits;
  congestion algorithm = congestion::cubic;
  /// The peer may open so many streams; more as those close.
  std::uint64_t bidirectional_streams = 0;
  std::uint64_t unidirectional_streams = 8;
  /// Without any packet from the peer: the connection is gone, in silence (RFC 9000 §10.1). The shorter one of both ends counts.
  std::chrono::milliseconds idle_time{30'000};
  /// A PING when nothing was sent or received for so long (0: none), so that NATs and idle timers stay open.
  std::chrono::milliseconds keep_alive{0};
  /// The largest DATAGRAM frame that is taken (RFC 9221); 0: none.
  std::size_t datagrams = 0;
  /// Larger datagrams are probed for (RFC 9000 §14.3).
  bool discover_mtu = true;
  /// The largest UDP payload that is sent, 1,200 to 8,192 (jumbo frames, and loopback). What the path carries of it is found by probing.
  std::size_t largest_payload = 8192;
};

/// What a server proves its tokens and stateless resets with: one for all its loops. It should be kept (in the data folder) across restarts:
/// without it a restarted server cannot tell its old clients that their connections are gone (RFC 9000 §10.3).
struct endpoint_keys {
  std::array<unsigned char, 32> reset{};
  std::array<unsigned char, 32> token{};

  static endpoint_keys make(base::random_source& random);
  /// 64 bytes, and back; nothing when there are not 64.
  [[nodiscard]] std::string bytes() const;
  static std::optional<endpoint_keys> from(std::string_view bytes);
};

}  // namespace parley::quic
