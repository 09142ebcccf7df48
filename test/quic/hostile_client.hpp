// A client that says what it should not: its own packets, with other frames in them.
#pragma once

#include "quic/memory_net.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::quic {

/// RFC 9000 §16.
inline std::string varint(std::uint64_t value) {
  std::string out;
  const int bytes = value < 0x40 ? 1 : value < 0x4000 ? 2 : value < 0x40000000 ? 4 : 8;
  const unsigned prefix = bytes == 1 ? 0 : bytes == 2 ? 0x40 : bytes == 4 ? 0x80 : 0xc0;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  out[0] = static_cast<char>(static_cast<unsigned char>(out[0]) | prefix);
  return out;
}

/// The frames that go into the next packet with a short header that this process protects, instead of its own; empty: none do.
std::string& frames_to_smuggle();
/// The same for the next Handshake packet.
std::string& handshake_frames_to_smuggle();
/// The same for the next packet of early data (0-RTT).
std::string& early_frames_to_smuggle();
/// Whether the reserved bits of the next packet that is changed are set (RFC 9000 §17.2, §17.3.1).
bool& reserved_bits_to_smuggle();
/// What clients put behind their transport parameters.
std::string& parameters_to_smuggle();
/// Whether TLS sessions that are made now send transport parameters (RFC 9001 §8.2).
bool& sends_transport_parameters();
/// How many packets were changed.
unsigned& packets_changed();

/// A client sends one packet of these frames, at most 1,100 bytes of them.
inline void smuggle(memory_net& net, memory_net::client_side& from, const std::string& frames) {
  from.engine.open(std::string(1'150, 'x'), false);
  frames_to_smuggle() = frames;
  const unsigned before = packets_changed();
  batch out;
  while (packets_changed() == before) {
    (void)from.transport->send(out, net.now);
    if (out.empty()) break;
    net.launch(out);
  }
  frames_to_smuggle().clear();
  net.launch(out);
}

}  // namespace parley::quic
