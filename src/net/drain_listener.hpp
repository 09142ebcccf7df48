// Closing a listening TCP socket without losing a client.
//
// Closing one resets what waits in its queue, and what completes its handshake meanwhile: clients whose connect() succeeded. So first
// the system is made to drop new SYNs, by a socket filter (a client sends its SYN again a second later, and is then refused, or served
// by whoever listens there next), while handshakes under way still complete and are accepted. When none is left, closing is safe.
#pragma once

#include "net/loop.hpp"
#include "net/stream.hpp"

namespace parley::net {

/// Loop's thread only.
class listener_drain {
 public:
  /// How often to ask `settled`.
  static constexpr std::chrono::milliseconds ask_again{10};

  /// `listening` stays the caller's. It must be no socket that others share: the filter is the socket's, not the descriptor's.
  void begin(int listening, const endpoint& local, time_point now);
  /// No handshake is under way any more: accept what waits, and close. True at last, at the latest after two seconds, since a client
  /// may have vanished within its handshake; at once when `begin` was never called or the system lacks such filters.
  [[nodiscard]] bool settled(time_point now);

 private:
  bool begun_ = false;
  bool v6_ = false;
  std::uint16_t port_ = 0;
  time_point begun_at_{};
  time_point asked_at_{};
  int quiet_ = 0;  // how often in a row there was no handshake
};

}  // namespace parley::net
