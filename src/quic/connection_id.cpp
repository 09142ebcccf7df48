#include "quic/connection_id.hpp"

#include <span>

namespace parley::quic {

std::optional<std::string_view> destination_of(std::string_view datagram) {
  if (datagram.empty()) return std::nullopt;
  // RFC 8999 §5.1: of a long header, whatever the version.
  if ((static_cast<unsigned char>(datagram[0]) & 0x80) != 0) {
    constexpr std::size_t length_at = 5;
    if (datagram.size() <= length_at) return std::nullopt;
    const std::size_t size = static_cast<unsigned char>(datagram[length_at]);
    if (datagram.size() < length_at + 1 + size) return std::nullopt;
    return datagram.substr(length_at + 1, size);
  }
  if (datagram.size() < 1 + id_size) return std::nullopt;
  return datagram.substr(1, id_size);
}

connection_id loop_mask::make(unsigned loop, base::random_source& random) const {
  connection_id id;
  id.size = id_size;
  random.fill(std::as_writable_bytes(std::span(id.bytes).first(id_size)));
  id.bytes[0] = 0;
  id.bytes[0] = static_cast<char>(loop ^ index_in(id.view()));
  return id;
}

unsigned loop_mask::index_in(std::string_view id) const {
  if (id.size() < 5) return 0;
  std::uint32_t word = 0;
  for (std::size_t i = 1; i < 5; ++i) word = word << 8 | static_cast<unsigned char>(id[i]);
  return static_cast<unsigned char>(id[0]) ^ (word * key_ >> 24);
}

unsigned loop_mask::loop_of(std::string_view datagram, unsigned loops) const {
  const auto id = destination_of(datagram);
  return id && loops != 0 ? index_in(*id) % loops : 0;
}

}  // namespace parley::quic
