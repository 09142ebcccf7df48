// Who takes an engine's events while the packet is there that they point into.
#pragma once

namespace parley::quic {

class event_taker {
 public:
  /// The engine was given bytes of a stream just now, and its events may be views into them: take them all before this returns. It comes from
  /// within `connection::receive`; the engine may be told anything from here, the connection nothing but `close`.
  virtual void take_events() = 0;

 protected:
  ~event_taker() = default;
};

}  // namespace parley::quic
