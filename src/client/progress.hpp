// How far a fetch has come, for the sentence that says where it was given up.
#pragma once

#include <cstdint>
#include <string>

namespace parley::fetching {

enum class step : std::uint8_t {
  queued,      // for a connection, since the origin has as many as it may
  looking_up,  // the host's addresses
  connecting,
  connecting_quic,  // with its handshake
  securing,         // the TLS handshake
  tunnelling,       // until the proxy has opened a tunnel
  holding,          // the content back until the server says 100
  waiting,          // for the response
  receiving,        // its content
};

struct progress {
  step at = step::queued;
  std::string failed = {};  // another way there, as a sentence
};

}  // namespace parley::fetching
