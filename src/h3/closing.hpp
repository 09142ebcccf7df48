// How far a connection's end has come (RFC 9114 §5.2).
#pragma once

#include <cstdint>

#include "engine/progress_clock.hpp"
#include "h3/frame.hpp"

namespace parley::h3 {

struct closing {
  enum class step : std::uint8_t {
    none,
    warned,  // server: GOAWAY with the highest id is sent; once it was acknowledged, what is under way will have come
    said,    // GOAWAY with the last id is sent
  };
  step ours = step::none;
  bool asked = false;                       // client: no new requests
  bool peer = false;                        // the peer has sent GOAWAY
  std::uint64_t refused = largest_varint;   // from this request stream on we take nothing (client: from this push on)
  std::uint64_t peers_id = largest_varint;  // the same of the peer's
  std::uint64_t warned_at = 0;              // bytes of our control stream up to the first GOAWAY's end
  engine::progress_clock::time_point warned_until{};

  [[nodiscard]] bool under_way() const { return ours != step::none || asked || peer; }
};

/// The largest id of a client's bidirectional stream (RFC 9114 §5.2: what a server's first GOAWAY says).
inline constexpr std::uint64_t last_request_stream = largest_varint - 3;
static_assert(last_request_stream % 4 == 0);

}  // namespace parley::h3
