// A client that sends HTTP/2 frames as the test writes them, and takes apart what comes back.
#pragma once

#include "attack/arena.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::attack {

/// RFC 9113 §6.
enum frame_type : std::uint8_t {
  data_frame = 0,
  headers_frame = 1,
  priority_frame = 2,
  reset_frame = 3,
  settings_frame = 4,
  push_frame = 5,
  ping_frame = 6,
  goaway_frame = 7,
  window_frame = 8,
  continuation_frame = 9,
  priority_update_frame = 16,
};
inline constexpr std::uint8_t end_stream = 1;
inline constexpr std::uint8_t acknowledges = 1;
inline constexpr std::uint8_t end_headers = 4;

/// RFC 9113 §7.
enum h2_code : std::uint32_t {
  no_error = 0,
  protocol_error_code = 1,
  flow_control_error_code = 3,
  settings_timeout_code = 4,
  stream_closed_code = 5,
  frame_size_error_code = 6,
  refused_stream_code = 7,
  cancel_code = 8,
  compression_error_code = 9,
  enhance_your_calm_code = 11,
};

inline std::string number(std::uint64_t n, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[bytes - 1 - i] = static_cast<char>(n >> (8 * i) & 0xff);
  return text;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  return number(payload.size(), 3) + number(type, 1) + number(flags, 1) + number(stream, 4) + std::string(payload);
}

/// An HPACK string, without Huffman (RFC 7541 §5.2).
inline std::string hpack_string(std::string_view text) {
  std::string coded;
  if (text.size() < 127) {
    coded += static_cast<char>(text.size());
  } else {
    coded += '\x7f';
    std::size_t rest = text.size() - 127;
    for (; rest >= 128; rest /= 128) coded += static_cast<char>(rest % 128 + 128);
    coded += static_cast<char>(rest);
  }
  return coded + std::string(text);
}
/// A line that is not indexed (§6.2.2).
inline std::string line(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + hpack_string(name) + hpack_string(value);
}
/// One that is from here on the table's first (§6.2.1).
inline std::string indexed_line(std::string_view name, std::string_view value) {
  return std::string(1, '\x40') + hpack_string(name) + hpack_string(value);
}

using lines = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string request_block(std::string_view method = "GET", std::string_view path = "/", lines more = {}) {
  std::string block = line(":method", method) + line(":scheme", "http") + line(":authority", "x") + line(":path", path);
  for (const auto& [name, value] : more) block += line(name, value);
  return block;
}

struct frame_seen {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  [[nodiscard]] std::uint32_t code(std::size_t at = 0) const {
    std::uint32_t n = 0;
    for (std::size_t i = 0; i < 4 && at + i < payload.size(); ++i) n = n << 8 | static_cast<unsigned char>(payload[at + i]);
    return n;
  }
};

class h2_attacker {
 public:
  explicit h2_attacker(std::uint16_t port, std::string_view settings = {}, const char* from = nullptr, int receive_buffer = 0)
      : tcp(port, from, receive_buffer) {
    tcp.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings_frame, 0, 0, settings));
  }

  void send(std::string_view bytes) { tcp.send(bytes); }
  void send(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    tcp.send(frame(type, flags, stream, payload));
  }
  /// A request without content, on the next stream.
  std::uint32_t ask(std::string_view path = "/", std::string_view method = "GET", lines more = {}) {
    const std::uint32_t id = next_stream();
    send(headers_frame, end_headers | end_stream, id, request_block(method, path, more));
    return id;
  }
  std::uint32_t next_stream() { return std::exchange(next_, next_ + 2); }

  /// The next frame that is none of those that merely keep the connection going; nothing at its end.
  std::optional<frame_seen> next() {
    for (;;) {
      while (tcp.received.size() < 9 || tcp.received.size() < 9 + size()) {
        if (!tcp.receive()) return std::nullopt;
      }
      frame_seen f;
      const std::string_view head = tcp.received;
      f.type = static_cast<std::uint8_t>(head[3]);
      f.flags = static_cast<std::uint8_t>(head[4]);
      for (std::size_t i = 5; i < 9; ++i) f.stream = f.stream << 8 | static_cast<unsigned char>(head[i]);
      f.payload = tcp.received.substr(9, size());
      tcp.received.erase(0, 9 + f.payload.size());
      if (f.type == settings_frame && (f.flags & acknowledges) == 0) send(settings_frame, acknowledges, 0, {});
      if (f.type == settings_frame || f.type == window_frame || f.type == ping_frame) continue;
      return f;
    }
  }
  /// The next frame of that type.
  std::optional<frame_seen> until(std::uint8_t type) {
    while (auto f = next()) {
      if (f->type == type) return f;
    }
    return std::nullopt;
  }
  /// The error of the GOAWAY that ends the connection.
  std::optional<std::uint32_t> goaway() {
    std::optional<std::uint32_t> code;
    while (auto f = next()) {
      if (f->type == goaway_frame) code = f->code(4);
    }
    EXPECT_FALSE(tcp.timed_out) << "the server did not close";
    return code;
  }
  /// A request of its own, answered: whether this connection still serves.
  bool serves() {
    const std::uint32_t id = ask();
    bool head = false;
    while (auto f = next()) {
      if (f->stream != id) continue;
      head = head || f->type == headers_frame;
      if (f->type == reset_frame) return false;
      if ((f->type == headers_frame || f->type == data_frame) && (f->flags & end_stream) != 0) return head;
    }
    return false;
  }

  raw tcp;

 private:
  [[nodiscard]] std::size_t size() const {
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(tcp.received[i])); };
    return byte(0) << 16 | byte(1) << 8 | byte(2);
  }
  std::uint32_t next_ = 1;
};

}  // namespace parley::attack
