// The interface of engines that speak over a transport with streams of its own: HTTP/3 over QUIC. Sans-I/O, both roles; it knows no
// QUIC library, and none knows it.
#pragma once

#include "engine/message_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace parley::engine {

/// A stream of the transport, numbered as in RFC 9000 §2.1: bit 0 is its initiator (1: the server), bit 1 is set for one direction only.
/// Engines number the streams that they open without gaps, as the transport does; it opens them when they first appear.
using transport_stream = std::uint64_t;

/// An exchange's id over such a transport, where 0 stands for the connection itself: its request stream's number and one.
[[nodiscard]] constexpr stream_id exchange_of(transport_stream stream) { return stream + 1; }
[[nodiscard]] constexpr transport_stream transport_of(stream_id exchange) { return exchange - 1; }

/// What an engine wants its transport to do beside sending bytes.
struct transport_action {
  /// The receiver has done with `n` bytes of this stream: both its window and the connection's may move on by as much (RFC 9000 §4.1).
  struct credit {
    transport_stream stream;
    std::uint64_t n;
  };
  /// The same for the stream's window alone, and for the connection's alone (see `message_engine::set_aside`).
  struct stream_credit {
    transport_stream stream;
    std::uint64_t n;
  };
  struct connection_credit {
    std::uint64_t n;
  };
  /// Ends our direction at once (RESET_STREAM), what was not acknowledged is dropped.
  struct reset {
    transport_stream stream;
    std::uint64_t code;
  };
  /// Asks the peer to end its direction (STOP_SENDING).
  struct stop {
    transport_stream stream;
    std::uint64_t code;
  };
  /// Sends one datagram (RFC 9221), or drops it where that is impossible now.
  struct datagram {
    std::string bytes;
  };
  /// Ends the connection with this application error code (CONNECTION_CLOSE of type 0x1d); the reason is for people.
  struct close {
    std::uint64_t code;
    std::string reason;
  };
};
using any_transport_action =
    std::variant<transport_action::credit, transport_action::reset, transport_action::stop, transport_action::datagram,
                 transport_action::close, transport_action::stream_credit, transport_action::connection_credit>;

/// What `stream_engine::output` gives: how many of the pieces it filled, and whether the stream ends behind them.
struct stream_output {
  std::size_t pieces = 0;
  bool fin = false;
};

class stream_engine : public message_engine {
 public:
  // --- from the transport ----------------------------------------------------------------------------------------------------
  /// Application data can be sent now; with `early` only 0-RTT data (RFC 9001 §4.6), a second call without it follows.
  virtual void start(bool early, time_point now) = 0;
  /// The 0-RTT data was refused: everything sent so far is void and must be sent again, on the same streams, from their start.
  virtual void early_data_rejected(time_point now) = 0;
  /// How many streams of each kind this side may have opened in all, as the peer allows (MAX_STREAMS). Never shrinks, but after
  /// `early_data_rejected`, which is followed by what the peer allows now.
  virtual void stream_limits(std::uint64_t bidirectional, std::uint64_t unidirectional) = 0;
  /// Bytes of a stream, in order, each once; all of them are taken. Credit comes back as an action, for content when it was consumed.
  /// Events may be views into `bytes`: whoever drives the engine has them taken before these go.
  virtual void receive(transport_stream stream, std::string_view bytes, bool fin, time_point now) = 0;
  /// The peer ended its direction early (RESET_STREAM).
  virtual void receive_reset(transport_stream stream, std::uint64_t code, time_point now) = 0;
  /// The peer reads our direction no longer (STOP_SENDING).
  virtual void receive_stop(transport_stream stream, std::uint64_t code, time_point now) = 0;
  virtual void receive_datagram(std::string_view bytes, time_point now) = 0;
  /// The connection is over: open exchanges are lost with this error.
  virtual void transport_closed(const protocol_error& why, time_point now) = 0;

  // --- to the transport ------------------------------------------------------------------------------------------------------
  [[nodiscard]] virtual std::optional<any_transport_action> next_action() = 0;
  /// The stream that should send next (RFC 9218 §10), or nothing. It stays the same until something of it was accepted, or it was blocked.
  [[nodiscard]] virtual std::optional<transport_stream> next_stream() = 0;
  /// Its next bytes, which stay where they are until acknowledged or the stream is closed. Only bytes, no slices of files.
  virtual stream_output output(transport_stream stream, std::span<std::string_view> pieces) = 0;
  /// The transport has taken so many bytes of it, and with `fin` its end.
  virtual void accepted(transport_stream stream, std::size_t n, bool fin, time_point now) = 0;
  /// The peer's window for this stream is full: it is not offered again before `unblocked`.
  virtual void blocked(transport_stream stream) = 0;
  virtual void unblocked(transport_stream stream) = 0;
  /// So many bytes more, in order, were acknowledged: they can be let go.
  virtual void acknowledged(transport_stream stream, std::size_t n) = 0;
  /// Nothing further will happen on it in either direction: everything that is kept for it can go.
  virtual void stream_closed(transport_stream stream, time_point now) = 0;
};

}  // namespace parley::engine
