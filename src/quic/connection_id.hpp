// Connection ids. Ours have one length and say, masked, which loop they belong to (RFC 9000 §5.1; §5.2 for load balancing).
#pragma once

#include "base/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace parley::quic {

struct connection_id {
  static constexpr std::size_t most = 20;  // RFC 9000 §17.2
  std::array<char, most> bytes{};
  std::uint8_t size = 0;

  connection_id() = default;
  explicit connection_id(std::string_view from) : size(static_cast<std::uint8_t>(from.size() < most ? from.size() : most)) {
    std::memcpy(bytes.data(), from.data(), size);
  }
  [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
  friend bool operator==(const connection_id& a, const connection_id& b) { return a.view() == b.view(); }
};

/// The length of all connection ids that we choose.
inline constexpr std::size_t id_size = 12;
/// Loops are told apart by one byte.
inline constexpr unsigned most_loops = 256;

/// The destination of a datagram's first packet; nothing when that is no QUIC packet. Short headers are taken to carry one of ours.
[[nodiscard]] std::optional<std::string_view> destination_of(std::string_view datagram);

/// Puts a loop's index into connection ids and finds it again. Byte 0 is the index, exclusive-or the highest byte of (bytes 1 to 4, big
/// endian, times `key`, modulo 2^32): four loads and a multiplication, so that a socket filter (SO_ATTACH_REUSEPORT_CBPF) can do it.
/// It hides the index from a casual look, not from whoever has many ids.
class loop_mask {
 public:
  explicit loop_mask(std::uint32_t key) : key_(key | 1) {}
  [[nodiscard]] std::uint32_t key() const { return key_; }

  [[nodiscard]] connection_id make(unsigned loop, base::random_source& random) const;
  /// Of any id of at least five bytes; for one of ours the loop that made it, for others any number below 256.
  [[nodiscard]] unsigned index_in(std::string_view id) const;
  /// The loop that should have this datagram: that of its destination's id, modulo `loops`. The same for all datagrams with that id.
  [[nodiscard]] unsigned loop_of(std::string_view datagram, unsigned loops) const;

 private:
  std::uint32_t key_;
};

}  // namespace parley::quic
