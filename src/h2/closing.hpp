// How far a connection's end has come (RFC 9113 §6.8).
#pragma once

#include <cstdint>

#include "engine/progress_clock.hpp"
#include "h2/frame.hpp"

namespace parley::h2 {

struct closing {
  enum class step : std::uint8_t {
    none,
    warned,  // server: GOAWAY with the highest id is sent, and a PING: what is under way will have come by its answer
    said,    // GOAWAY with the last id is sent
  };
  step ours = step::none;
  bool asked = false;                      // client: no new requests
  bool peer = false;                       // the peer has sent GOAWAY, or its end
  std::uint32_t last = largest_stream_id;  // above it we take nothing
  std::uint32_t peers_last = largest_stream_id;
  std::uint32_t peers_code = 0;  // of its GOAWAY
  engine::progress_clock::time_point ping_until{};

  [[nodiscard]] bool under_way() const { return ours != step::none || asked || peer; }
};

/// The PING that a server's GOAWAY waits for.
inline constexpr char drain_ping[] = "parley:)";

}  // namespace parley::h2
