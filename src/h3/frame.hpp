// What HTTP/3 is written in: integers, types of frames and of unidirectional streams, error codes (RFC 9114 §6, §7, §8.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::h3 {

enum class frame_type : std::uint64_t {
  data = 0x00,
  headers = 0x01,
  cancel_push = 0x03,
  settings = 0x04,
  push_promise = 0x05,
  goaway = 0x07,
  max_push_id = 0x0d,
  priority_update = 0xf0700,       // of a request, RFC 9218 §7.2
  priority_update_push = 0xf0701,  // of a promised response
};

/// The first bytes of a unidirectional stream (RFC 9114 §6.2, RFC 9204 §4.2).
enum class stream_type : std::uint64_t {
  control = 0x00,
  push = 0x01,
  qpack_encoder = 0x02,
  qpack_decoder = 0x03,
};

enum class error_code : std::uint32_t {
  datagram_error = 0x33,  // RFC 9297 §5.2
  no_error = 0x0100,
  general_protocol_error = 0x0101,
  internal_error = 0x0102,
  stream_creation_error = 0x0103,
  closed_critical_stream = 0x0104,
  frame_unexpected = 0x0105,
  frame_error = 0x0106,
  excessive_load = 0x0107,
  id_error = 0x0108,
  settings_error = 0x0109,
  missing_settings = 0x010a,
  request_rejected = 0x010b,
  request_cancelled = 0x010c,
  request_incomplete = 0x010d,
  message_error = 0x010e,
  connect_error = 0x010f,
  version_fallback = 0x0110,
  qpack_decompression_failed = 0x0200,  // RFC 9204 §6
  qpack_encoder_stream_error = 0x0201,
  qpack_decoder_stream_error = 0x0202,
};

// --- integers (RFC 9000 §16) -------------------------------------------------------------------------------------------------

inline constexpr std::uint64_t largest_varint = (std::uint64_t{1} << 62) - 1;
inline constexpr std::size_t most_varint_bytes = 8;

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t v) {
  if (v < 0x40) return 1;
  if (v < 0x4000) return 2;
  return v < 0x4000'0000 ? 4 : 8;
}

/// Writes `v`, at most `largest_varint`, in as few bytes as it needs; their end.
inline char* write_varint(char* p, std::uint64_t v) {
  const std::size_t size = varint_size(v);
  for (std::size_t i = size; i-- > 0; v >>= 8) p[i] = static_cast<char>(v);
  constexpr unsigned char lengths[9] = {0, 0x00, 0x40, 0, 0x80, 0, 0, 0, 0xc0};
  p[0] = static_cast<char>(static_cast<unsigned char>(p[0]) | lengths[size]);
  return p + size;
}

/// How many bytes the integer that begins with this one has.
[[nodiscard]] constexpr std::size_t varint_length(char first) { return std::size_t{1} << (static_cast<unsigned char>(first) >> 6); }

/// Takes an integer off the front of `bytes`; false, and nothing is taken, when it is not whole.
inline bool read_varint(std::string_view& bytes, std::uint64_t& v) {
  if (bytes.empty()) return false;
  const std::size_t size = varint_length(bytes[0]);
  if (bytes.size() < size) return false;
  v = static_cast<unsigned char>(bytes[0]) & 0x3fU;
  for (std::size_t i = 1; i < size; ++i) v = v << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(size);
  return true;
}

/// Reserved, so that nobody forgets to ignore what is unknown: types of frames and streams, settings and errors (RFC 9114 §7.2.8).
[[nodiscard]] constexpr bool is_grease(std::uint64_t v) { return v >= 0x21 && (v - 0x21) % 0x1f == 0; }
[[nodiscard]] constexpr std::uint64_t grease(std::uint64_t n) { return 0x21 + 0x1f * (n % 1000); }

// --- words -------------------------------------------------------------------------------------------------------------------

/// `HEADERS`; empty for a type that is not named above.
[[nodiscard]] std::string_view name(frame_type type);
/// `H3_NO_ERROR`; `unknown` for others than the above.
[[nodiscard]] std::string_view name(error_code code);
/// A sentence for whoever waits for a stream that its peer has reset with that code. A literal.
[[nodiscard]] std::string_view reset_sentence(std::uint64_t code);

}  // namespace parley::h3
