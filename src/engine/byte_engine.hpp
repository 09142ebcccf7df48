// The interface of engines that speak over one ordered byte stream: HTTP/1 and HTTP/2. Sans-I/O, both roles.
#pragma once

#include "base/segment.hpp"
#include "engine/message_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::engine {

using base::segment;

class byte_engine : public message_engine {
 public:
  // --- bytes in ------------------------------------------------------------------------------------------------------------
  /// Takes received bytes; how many were consumed. The rest must be given again, with more behind it once more has arrived.
  /// Stops early when events wait to be taken or when it does not want to read; so: receive, drain `next_event`, repeat while
  /// something was consumed or an event came.
  virtual std::size_t receive(std::string_view bytes, time_point now) = 0;
  /// The peer has ended its direction of the byte stream. Bytes that `receive` left may still be given again, whenever `wants_read`;
  /// what is then no whole message is an incomplete one.
  virtual void receive_eof(time_point now) = 0;
  /// Whether more bytes are of use now. False while the application lags (HTTP/1), while a response is awaited before the next
  /// request can be read, and after the end.
  [[nodiscard]] virtual bool wants_read() const = 0;

  // --- bytes out -----------------------------------------------------------------------------------------------------------
  /// What is ready to be written, first bytes first: fills `out`, says how many. Stable until `written` or `reset`.
  virtual std::size_t output(std::span<segment> out) = 0;
  virtual void written(std::size_t n, time_point now) = 0;
  /// Before `expired`: of what was written, the peer's system has acknowledged `n` bytes more than were written meanwhile. That is
  /// progress too.
  virtual void delivered(std::uint64_t n, time_point now) = 0;
  [[nodiscard]] virtual bool has_output() const = 0;
};

}  // namespace parley::engine
