// The two state machines of an HTTP/1 connection, as tables: what a message that is received, and one that is sent, may do next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/protocol_error.hpp"

namespace parley::h1 {

// --- receiving ---------------------------------------------------------------------------------------------------------------

enum class receive_state : std::uint8_t {
  start,        // between messages: nothing of the next head has arrived
  head,         // a part of a head has arrived
  content,      // content with a known end: by length, or chunked with its trailers
  until_close,  // content that the connection's end ends: responses only
  waiting,      // the message is whole; the exchange is not over, so the next message is not read
  tunnel,       // the bytes belong to another protocol
  closed,       // nothing more is read
};
inline constexpr std::size_t receive_state_count = 7;

enum class receive_input : std::uint8_t {
  first_byte,        // of a head
  interim_head,      // 1xx
  head_alone,        // a head without content
  head_and_content,  // a head with content of known end
  head_until_close,
  content_end,
  exchange_over,  // the other direction's message is whole too
  detach,         // 101, or 2xx for CONNECT
  eof,
  violation,
};
inline constexpr std::size_t receive_input_count = 10;

enum class receive_action : std::uint8_t {
  none,
  complete,    // the message ended here: tell so
  incomplete,  // the message was cut off
  finish,      // the connection ended between messages
  never,       // the engine never feeds this input in this state
};

struct receive_step {
  receive_state next;
  receive_action action;
};

/// A row a state.
extern const std::array<std::array<receive_step, receive_input_count>, receive_state_count> receive_table;

[[nodiscard]] inline receive_step step(receive_state state, receive_input input) {
  return receive_table[static_cast<std::size_t>(state)][static_cast<std::size_t>(input)];
}
[[nodiscard]] std::string_view name(receive_state state);

// --- sending -----------------------------------------------------------------------------------------------------------------

enum class send_state : std::uint8_t {
  idle,     // no message is due
  head,     // a message is due, its final head has not been sent
  content,  // the head is sent, the end is not
  ended,    // the message is whole; the exchange is not over
  tunnel,   // the bytes belong to another protocol
  closed,   // nothing more is sent
};
inline constexpr std::size_t send_state_count = 6;

enum class send_input : std::uint8_t {
  open,  // a message is due: a request arrived, or the application sends one
  interim_head,
  head_alone,
  head_and_content,
  data,
  end,
  detach,
  exchange_over,
  cut,  // the connection ends here
};
inline constexpr std::size_t send_input_count = 9;

/// What an input does: a new state, or the misuse that a command in this state is.
struct send_step {
  send_state next;
  bool allowed;
  engine::misuse why;  // when it is not allowed
};

/// A row a state.
extern const std::array<std::array<send_step, send_input_count>, send_state_count> send_table;

[[nodiscard]] inline send_step step(send_state state, send_input input) {
  return send_table[static_cast<std::size_t>(state)][static_cast<std::size_t>(input)];
}
[[nodiscard]] std::string_view name(send_state state);

}  // namespace parley::h1
