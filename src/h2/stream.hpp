// One stream, while its exchange is not over.
#pragma once

#include <parley/fields.hpp>
#include <parley/method.hpp>

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/progress_clock.hpp"
#include "engine/scheduler.hpp"
#include "h2/content_queue.hpp"
#include "h2/flow_window.hpp"
#include "h2/stream_state.hpp"

namespace parley::h2 {

/// The message that we send on it.
enum class send_phase : std::uint8_t {
  none,     // no message of ours is due (a promised stream at a client)
  head,     // its final head is due
  content,  // the head is sent, the end is not
  ended,    // the application has said all; content may still wait
};

struct stream {
  using time_point = engine::progress_clock::time_point;

  std::uint32_t id = 0;
  stream_state state = stream_state::idle;
  send_phase sending = send_phase::none;
  parley::method::id method = parley::method::id::get;

  bool told = false;              // the application knows of it, so it must hear of its loss
  bool handed_over = false;       // the application has said its last word on it: nothing is told any more
  bool lost = false;              // told to be lost; it counts until the application lets go of it
  bool unheard = false;           // client: the server needs no more of the request; the rest of it is dropped
  bool refused = false;           // its request broke a limit: one final response may follow
  bool final_head = false;        // client: the response's final head has come
  bool no_content = false;        // what comes cannot have content: an answer to HEAD, 204, 304
  bool tunnel = false;            // DATA is another protocol's
  bool connect = false;           // CONNECT, plain or extended
  bool discard = false;           // nobody reads what comes
  bool expects_continue = false;  // the peer holds its content back
  bool full = false;              // `writable` is owed
  bool pushed = false;            // the server's
  bool end_queued = false;        // END_STREAM goes with the last of the content
  bool eager = false;             // a larger window is of use
  bool lingers = false;           // server: the response has gone, and the rest of the request may still come until `linger_until`
  bool receive_clock_runs = false;
  bool send_clock_runs = false;  // content waits for the peer's window
  std::uint16_t interim = 0;
  std::uint32_t aside = 0;  // of what is unread, what the connection's window has back already

  std::optional<std::uint64_t> expected;  // of what comes, by Content-Length: what is still missing
  std::optional<std::uint64_t> promised;  // of what we send
  send_window send;
  receive_window receive{default_window, default_window};
  time_point window_opened{};  // the last WINDOW_UPDATE that we sent

  content_queue content;
  std::unique_ptr<parley::fields> trailers;  // to send behind the content
  engine::scheduler::node place;
  engine::progress_clock receive_clock;
  engine::progress_clock send_clock;
  time_point linger_until{};
};

static_assert(sizeof(stream) <= 512);

}  // namespace parley::h2
