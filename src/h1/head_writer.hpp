// Writes heads and chunks. Framing and connection fields are the engine's: what the application gives for them is left out.
#pragma once

#include <parley/fields.hpp>

#include <cstdint>
#include <string_view>

#include "engine/send_queue.hpp"
#include "semantics/message_head.hpp"

namespace parley::h1 {

/// How a message that is sent ends, and what its head says of that.
enum class sent_body : std::uint8_t {
  none,  // no content; the head says nothing, or the length that a GET would have had
  length,
  chunked,
  until_close,  // and everything after a switch of protocols
};

/// What the engine adds to a head.
struct head_framing {
  sent_body content = sent_body::none;
  bool length_field = false;  // write Content-Length
  std::uint64_t length = 0;
  bool close = false;       // write `Connection: close`
  bool keep_alive = false;  // write `Connection: keep-alive`, for HTTP/1.0
  bool upgrade = false;     // write `Connection: upgrade`, and let the Upgrade field pass
};

/// The bytes as written, valid until the next call that changes `out`.
std::string_view write_head(engine::send_queue& out, const semantics::response_head& head, const head_framing& framing);
std::string_view write_head(engine::send_queue& out, const semantics::request_head& head, const head_framing& framing);

/// A chunk of `data`, or its first line alone: then the data and `end_chunk` follow.
void write_chunk(engine::send_queue& out, std::string_view data);
void begin_chunk(engine::send_queue& out, std::uint64_t size);
void end_chunk(engine::send_queue& out);
/// The last chunk and the trailer section; trailers that concern framing or routing are left out (RFC 9110 §6.5.1).
void write_last_chunk(engine::send_queue& out, const parley::fields* trailers);

/// Whether one of the Connection fields that the application gave asks for a close.
[[nodiscard]] bool asks_to_close(const parley::fields& f);

}  // namespace parley::h1
