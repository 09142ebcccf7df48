// Frames of HTTP/2: their header, their types and flags (RFC 9113 §4.1, §6), error codes (§7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::h2 {

enum class frame_type : std::uint8_t {
  data = 0x00,
  headers = 0x01,
  priority = 0x02,
  rst_stream = 0x03,
  settings = 0x04,
  push_promise = 0x05,
  ping = 0x06,
  goaway = 0x07,
  window_update = 0x08,
  continuation = 0x09,
  priority_update = 0x10,  // RFC 9218 §7.1
};

namespace flag {
inline constexpr std::uint8_t end_stream = 0x01;
inline constexpr std::uint8_t ack = 0x01;
inline constexpr std::uint8_t end_headers = 0x04;
inline constexpr std::uint8_t padded = 0x08;
inline constexpr std::uint8_t priority = 0x20;
}  // namespace flag

enum class error_code : std::uint32_t {
  no_error = 0x00,
  protocol_error = 0x01,
  internal_error = 0x02,
  flow_control_error = 0x03,
  settings_timeout = 0x04,
  stream_closed = 0x05,
  frame_size_error = 0x06,
  refused_stream = 0x07,
  cancel = 0x08,
  compression_error = 0x09,
  connect_error = 0x0a,
  enhance_your_calm = 0x0b,
  inadequate_security = 0x0c,
  http_1_1_required = 0x0d,
};

inline constexpr std::size_t frame_header_size = 9;
/// What every endpoint takes before settings say more (RFC 9113 §4.2).
inline constexpr std::uint32_t default_frame_size = 16'384;
inline constexpr std::uint32_t largest_frame_size = 16'777'215;
inline constexpr std::uint32_t largest_stream_id = 0x7fff'ffff;
inline constexpr std::uint32_t default_window = 65'535;
inline constexpr std::int64_t largest_window = 0x7fff'ffff;
/// What a client sends first (RFC 9113 §3.4).
inline constexpr std::string_view client_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct frame_header {
  std::uint32_t length = 0;
  frame_type type = frame_type::data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  [[nodiscard]] bool has(std::uint8_t bit) const { return (flags & bit) != 0; }
};

[[nodiscard]] inline std::uint16_t load_u16(const char* p) {
  const auto* b = reinterpret_cast<const unsigned char*>(p);
  return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
}
[[nodiscard]] inline std::uint32_t load_u32(const char* p) {
  const auto* b = reinterpret_cast<const unsigned char*>(p);
  return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}
inline char* store_u16(char* p, std::uint16_t v) {
  p[0] = static_cast<char>(v >> 8);
  p[1] = static_cast<char>(v);
  return p + 2;
}
inline char* store_u32(char* p, std::uint32_t v) {
  p[0] = static_cast<char>(v >> 24);
  p[1] = static_cast<char>(v >> 16);
  p[2] = static_cast<char>(v >> 8);
  p[3] = static_cast<char>(v);
  return p + 4;
}

/// The header at `p`, of which `frame_header_size` bytes are there. The reserved bit is ignored (RFC 9113 §4.1).
[[nodiscard]] inline frame_header parse_frame_header(const char* p) {
  return {.length = load_u32(p) >> 8,
          .type = static_cast<frame_type>(p[3]),
          .flags = static_cast<std::uint8_t>(p[4]),
          .stream = load_u32(p + 5) & largest_stream_id};
}

/// Writes `frame_header_size` bytes; where the payload goes.
inline char* write_frame_header(char* p, const frame_header& h) {
  store_u32(p, h.length << 8 | static_cast<std::uint32_t>(h.type));
  p[4] = static_cast<char>(h.flags);
  return store_u32(p + 5, h.stream);
}

/// `HEADERS`; empty for a type that RFC 9113 and RFC 9218 do not define.
[[nodiscard]] std::string_view name(frame_type type);
/// `PROTOCOL_ERROR`; `unknown` for others than those of RFC 9113 §7.
[[nodiscard]] std::string_view name(error_code code);
/// A sentence for whoever waits for a stream that its peer has reset with that code. A literal.
[[nodiscard]] std::string_view reset_sentence(std::uint32_t code);
/// The same for the streams of a connection that its peer ended with that code.
[[nodiscard]] std::string_view goaway_sentence(std::uint32_t code);

}  // namespace parley::h2
