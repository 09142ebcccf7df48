// What engines of all versions share: events out, commands in, time. Sans-I/O, both roles.
#pragma once

#include "engine/events.hpp"
#include "engine/observer.hpp"

#include <parley/limits.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>

namespace parley::engine {

using time_point = std::chrono::steady_clock::time_point;

/// One connection's messages. How its bytes come and go is `byte_engine`'s (HTTP/1, HTTP/2) and `stream_engine`'s (HTTP/3).
class message_engine {
 public:
  virtual ~message_engine() = default;

  // --- events --------------------------------------------------------------------------------------------------------------
  /// The next event, or nothing. Events come in order.
  virtual std::optional<event> next_event() = 0;
  /// Returns credit for `n` bytes of content that the application has taken.
  virtual void consume(stream_id id, std::size_t n) = 0;
  /// `n` bytes of content wait for memory that other exchanges have now: they leave the window that all exchanges share, so that those
  /// others go on, while the exchange's own credit waits for its `consume`, which is due all the same. An engine with one exchange at a
  /// time has no use for it.
  virtual void set_aside(stream_id /*id*/, std::size_t /*n*/) {}

  // --- commands ------------------------------------------------------------------------------------------------------------
  //
  // A peer's violation, a message that is cut off and a deadline that passes set `error()`, end the reading and give a `reset` event.
  // Its id is the exchange's; for a fault in a request's head, which then gives no `request` event, the one that request would have
  // had. A server may still send one final response with that id when `error().status` is not 0 and no final head was sent for it:
  // `send_response`, `send_data`, `send_end` as usual. `Connection: close` is forced, and the connection ends behind it; the responses
  // to earlier requests precede it. Instead of answering, `reset` gives it up. After its final response was handed over completely,
  // no further event comes for an exchange, but in HTTP/2 a `reset` of status 0 where the peer's fault costs what is still being sent;
  // one comes too for a stream that never became an exchange.
  /// Client: sends a request's head: `method`, `target()`, `authority()` (the Host field), `version` and the fields. Framing is the
  /// engine's: Content-Length, Transfer-Encoding, Keep-Alive and Host among the fields are left out. Of a Connection field, `close` (and
  /// in HTTP/1.0 `keep-alive`) is obeyed, and options of other names pass; `upgrade` and `TE` are listed where those fields are.
  /// Without content (`no_content`, `of(0)`) the message ends with its head; a `send_end` is then not needed, and does nothing.
  virtual std::expected<stream_id, misuse> send_request(const semantics::request_head& head, content_length length,
                                                        time_point now) = 0;
  /// Server: sends an interim (1xx) or final response's head. For an answer to HEAD and for 304, `length` may say what GET would
  /// have sent; no content may follow, and the message ends with its head (as without content: see `send_request`). Fields are
  /// treated as for a request; with `Connection: close` among them this connection ends after the response. A 1xx to an older client
  /// than HTTP/1.1 is dropped. 101 (with an Upgrade field, to a request that offered to upgrade and is whole) and 2xx to CONNECT give a
  /// `detached` event.
  virtual std::expected<void, misuse> send_response(stream_id id, const semantics::response_head& head, content_length length,
                                                    time_point now) = 0;
  /// Sends content. Everything is taken; but when it answers false, the window (limits.send_window) is full: wait for `writable`.
  /// After `length_exceeded`, as after `length_short` of `send_end`, the exchange is lost as by `reset`.
  virtual std::expected<bool, misuse> send_data(stream_id id, chunk&& data, time_point now) = 0;
  /// Ends the message, with trailers where the version and the framing carry them (dropped otherwise).
  virtual std::expected<void, misuse> send_end(stream_id id, const parley::fields* trailers, time_point now) = 0;
  /// Gives the exchange up. In HTTP/1 the connection is lost with it: what is queued still leaves and `wants_close` is true; where a
  /// close in order would make the cut message look whole, the queue is dropped and `ended` is true at once: abort the transport then.
  virtual void reset(stream_id id, time_point now) = 0;
  /// Server: promises the response to `promised`, a safe request without content that the client did not send (RFC 9113 §8.4), as part
  /// of the exchange `parent`, whose response must not have ended. It is answered on the id that this gives, like any other request;
  /// no `request` event comes for it. `misuse::push_refused` where the peer takes none, or not now.
  virtual std::expected<stream_id, misuse> push(stream_id parent, const semantics::request_head& promised, time_point now);
  /// Server: whether `push` could be used on that exchange now.
  [[nodiscard]] virtual bool can_push(stream_id parent) const;
  /// No further exchange after those under way (server: the last response says so; client: no new requests).
  virtual void close_gracefully(time_point now) = 0;

  // --- state ---------------------------------------------------------------------------------------------------------------
  /// All is said: once the output is written, the sending direction should be closed.
  [[nodiscard]] virtual bool wants_close() const = 0;
  /// Nothing more can happen on this connection at all. A server stays for its client's end (RFC 9112 §9.6) unless it was idle or gave
  /// up; a client that has all it asked for does not.
  [[nodiscard]] virtual bool ended() const = 0;
  /// Client: another request can be sent now.
  [[nodiscard]] virtual bool can_send_request() const = 0;
  /// Client: how many more can be sent now, one right after the other (the peer's SETTINGS_MAX_CONCURRENT_STREAMS, less those open).
  [[nodiscard]] virtual std::size_t request_room() const { return can_send_request() ? 1 : 0; }
  /// No exchange is open (an idle kept-alive connection).
  [[nodiscard]] virtual bool idle() const = 0;

  // --- time ----------------------------------------------------------------------------------------------------------------
  /// When `expired` wants to be called next; nothing when no time is being watched.
  [[nodiscard]] virtual std::optional<time_point> deadline() const = 0;
  virtual void expired(time_point now) = 0;
  /// Nothing is to be done for now: gives back what only a busy connection needs, as far as it is not needed.
  virtual void rest() = 0;
  /// At a `deadline`: an idle engine gives back what it keeps for a while only. True: that was all that the deadline was for. `expired` does
  /// it too; who does something of its own about a deadline asks first.
  virtual bool rest_long(time_point /*now*/) { return false; }

  [[nodiscard]] virtual parley::version version() const = 0;
  /// The violation that ended the connection, if one did.
  [[nodiscard]] virtual const protocol_error* error() const = 0;
  virtual void observe(observer* sink, std::uint64_t connection) = 0;
};

}  // namespace parley::engine
