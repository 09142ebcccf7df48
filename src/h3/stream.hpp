// One request stream, or one pushed response, until its transport and its owner have done with it.
#pragma once

#include <parley/fields.hpp>
#include <parley/method.hpp>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/buffer.hpp"
#include "engine/progress_clock.hpp"
#include "engine/scheduler.hpp"
#include "engine/stream_engine.hpp"
#include "h3/frame_order.hpp"
#include "h3/frame_reader.hpp"
#include "h3/send_buffer.hpp"

namespace parley::h3 {

/// The message that we send on it.
enum class send_phase : std::uint8_t {
  none,     // no message of ours is due (a pushed response at a client)
  head,     // its final head is due
  content,  // the head is sent, the end is not
  ended,    // the application has said all; content may still wait
};

/// One direction of a stream.
enum class way : std::uint8_t {
  none,  // it has not this direction, or it is not there yet
  open,
  ended,    // in order
  stopped,  // by a reset of either side
};

/// Bytes that cannot be read before something else has come: entries of QPACK's table, or a promise.
struct waiting_bytes {
  base::buffer section;  // a field section that is blocked; empty: none
  frame_type type = frame_type::headers;
  std::uint64_t push_id = 0;
  std::uint64_t wire_size = 0;
  base::buffer bytes;  // what came behind it
  bool fin = false;
};

struct stream {
  using time_point = engine::progress_clock::time_point;
  static constexpr engine::transport_stream no_transport = UINT64_MAX;

  engine::stream_id id = 0;
  engine::transport_stream transport = no_transport;
  frame_place place_in = frame_place::request_head;
  way in = way::none;
  way out = way::none;
  send_phase sending = send_phase::none;
  parley::method::id method = parley::method::id::get;

  bool told = false;              // the application knows of it, so it must hear of its loss
  bool handed_over = false;       // the application has said its last word on it: nothing is told any more
  bool lost = false;              // told to be lost; it counts until the application lets go of it
  bool unheard = false;           // client: the server needs no more of the request; the rest of it is dropped
  bool refused = false;           // its request broke a limit: one final response may follow
  bool no_content = false;        // what comes cannot have content: an answer to HEAD, 204, 304
  bool tunnel = false;            // DATA is another protocol's
  bool connect = false;           // CONNECT, plain or extended
  bool datagrams = false;         // extended CONNECT: datagrams may have a meaning
  bool discard = false;           // nobody reads what comes
  bool expects_continue = false;  // the peer holds its content back
  bool full = false;              // `writable` is owed
  bool pushed = false;            // the server's
  bool end_queued = false;        // our direction ends behind what is queued
  bool framed = false;            // one DATA frame that is begun holds all of the content
  bool window_shut = false;       // the transport says that the peer's window is full
  bool all_came = false;          // the peer's end of it is here, though perhaps not read
  bool closed = false;            // its transport has done with it
  bool over = false;              // it counts no longer
  bool receive_clock_runs = false;
  bool send_clock_runs = false;  // content waits for the peer's window
  bool head_clock_runs = false;  // a head is due, or blocked
  bool frames_greased = false;   // an unknown frame was let pass
  std::uint16_t interim = 0;

  std::uint64_t unread = 0;               // content that was told and not consumed
  std::uint64_t aside = 0;                // of it, what the connection's window has back already
  std::uint64_t promise_mark = 0;         // client: stands for the promised request's fields
  std::optional<std::uint64_t> expected;  // of what comes, by Content-Length: what is still missing
  std::optional<std::uint64_t> promised;  // of what we send

  frame_reader reader;
  base::buffer partial;  // of a frame that is needed whole
  std::unique_ptr<waiting_bytes> waiting;
  send_buffer output;
  engine::scheduler::node place;
  engine::progress_clock receive_clock;
  engine::progress_clock send_clock;
  time_point head_until{};

  [[nodiscard]] bool blocked() const { return waiting != nullptr; }
};

static_assert(sizeof(stream) <= 640);

}  // namespace parley::h3
