// The states of a stream, as a table (RFC 9113 §5.1): what a frame that comes or goes does to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::h2 {

enum class stream_state : std::uint8_t {
  idle,
  reserved_local,
  reserved_remote,
  open,
  half_closed_local,   // we have ended our direction
  half_closed_remote,  // the peer has ended its direction
  ended,               // closed: both directions have ended
  reset_local,         // closed: we have reset it, so the peer may not know yet
  reset_remote,        // closed: the peer has reset it
};
inline constexpr std::size_t stream_state_count = 9;

enum class stream_input : std::uint8_t {
  headers_in,
  data_in,
  end_in,  // the END_STREAM flag of a frame that was allowed
  reset_in,
  window_in,
  promise_in,   // PUSH_PROMISE came on this stream
  promised_in,  // PUSH_PROMISE came for this stream
  headers_out,
  end_out,
  reset_out,
  promised_out,
};
inline constexpr std::size_t stream_input_count = 11;

enum class stream_action : std::uint8_t {
  go,           // allowed
  ignore,       // of a stream that is gone: minimal processing, nothing more
  idle,         // connection error PROTOCOL_ERROR: nobody has opened it
  reserved,     // connection error PROTOCOL_ERROR: not on a promised stream
  ended,        // stream error STREAM_CLOSED: the peer had ended it
  closed,       // connection error STREAM_CLOSED: both had ended it
  after_reset,  // stream error STREAM_CLOSED: the peer had reset it
  bad_parent,   // connection error PROTOCOL_ERROR: a promise where none can be
  never,        // the engine never feeds this input in this state
};

struct stream_step {
  stream_state next;
  stream_action action;
};

[[nodiscard]] stream_step step(stream_state state, stream_input input);
/// `half-closed (remote)`, as in RFC 9113; the closed ones are `closed`.
[[nodiscard]] std::string_view name(stream_state state);

[[nodiscard]] constexpr bool is_closed(stream_state s) { return s >= stream_state::ended; }
/// Whether frames of our message may still leave.
[[nodiscard]] constexpr bool can_send(stream_state s) {
  return s == stream_state::open || s == stream_state::half_closed_remote || s == stream_state::reserved_local;
}
/// Whether frames of the peer's message may still come.
[[nodiscard]] constexpr bool can_receive(stream_state s) {
  return s == stream_state::open || s == stream_state::half_closed_local || s == stream_state::reserved_remote;
}

}  // namespace parley::h2
