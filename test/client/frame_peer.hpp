// A server that speaks HTTP/2 frame by frame, as a test has written down.
#pragma once

#include "scripted_peer.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace client_tests {

struct frame {
  enum type : std::uint8_t {
    data,
    headers,
    priority,
    rst_stream,
    settings,
    push_promise,
    ping,
    goaway,
    window_update,
    continuation,
  };
  std::uint8_t kind = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

inline std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

inline std::uint32_t number_at(std::string_view text, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(text[at + i]);
  return value;
}

inline std::string frame_bytes(std::uint8_t kind, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  return big_endian(payload.size(), 3) + static_cast<char>(kind) + static_cast<char>(flags) + big_endian(stream, 4) +
         std::string(payload);
}

/// A literal field that nobody indexes, with a literal name (RFC 7541 §6.2.2).
inline std::string literal(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) + static_cast<char>(value.size()) +
         std::string(value);
}

inline constexpr std::string_view status_200 = "\x88";
inline constexpr std::string_view client_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::uint8_t end_stream = 1;
inline constexpr std::uint8_t end_headers = 4;

/// What stands behind a `peer`.
class frame_peer {
 public:
  explicit frame_peer(peer& on, bool preface = true) : on_(on), skip_(preface ? client_preface.size() : 0) {}

  void send(std::uint8_t kind, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    on_.send(frame_bytes(kind, flags, stream, payload));
  }
  /// The server's preface, with MAX_CONCURRENT_STREAMS unless it is 0.
  void begin(std::uint32_t streams = 0) {
    send(frame::settings, 0, 0, streams == 0 ? std::string() : big_endian(3, 2) + big_endian(streams, 4));
  }
  /// Acknowledges the client's settings once they have come.
  void acknowledge() {
    const std::size_t came = received(frame::settings).size();
    for (; acknowledged_ < came; ++acknowledged_) {
      if ((received(frame::settings)[acknowledged_].flags & 1) == 0) send(frame::settings, 1, 0, {});
    }
  }
  void answer(std::uint32_t stream, std::string_view content = "hello", std::string_view fields = {}) {
    send(frame::headers, end_headers, stream, std::string(status_200) + std::string(fields));
    send(frame::data, end_stream, stream, content);
  }
  void reset(std::uint32_t stream, std::uint32_t code) { send(frame::rst_stream, 0, stream, big_endian(code, 4)); }
  void go_away(std::uint32_t last, std::uint32_t code = 0) { send(frame::goaway, 0, 0, big_endian(last, 4) + big_endian(code, 4)); }
  void promise(std::uint32_t parent, std::uint32_t promised, std::string_view authority, std::string_view path) {
    // :method GET, :scheme http
    const std::string block = std::string("\x82\x86") + literal(":authority", authority) + literal(":path", path) +
                              literal("accept", "*/*") + literal("user-agent", "parley/" PARLEY_VERSION_STRING);
    send(frame::push_promise, end_headers, parent, big_endian(promised, 4) + block);
  }

  /// What the client has sent so far.
  std::vector<frame> received() {
    std::vector<frame> all;
    const std::string& in = on_.received;
    for (std::size_t at = skip_; at + 9 <= in.size();) {
      const std::size_t size = number_at(in, at, 3);
      if (at + 9 + size > in.size()) break;
      all.push_back({static_cast<std::uint8_t>(in[at + 3]), static_cast<std::uint8_t>(in[at + 4]), number_at(in, at + 5, 4),
                     in.substr(at + 9, size)});
      at += 9 + size;
    }
    return all;
  }
  std::vector<frame> received(std::uint8_t kind) {
    auto all = received();
    std::erase_if(all, [&](const frame& f) { return f.kind != kind; });
    return all;
  }
  /// The streams that requests came on, in order.
  std::vector<std::uint32_t> requests() {
    std::vector<std::uint32_t> all;
    for (const frame& f : received(frame::headers)) all.push_back(f.stream);
    return all;
  }
  /// The error codes that streams were reset with.
  std::map<std::uint32_t, std::uint32_t> resets() {
    std::map<std::uint32_t, std::uint32_t> all;
    for (const frame& f : received(frame::rst_stream)) all[f.stream] = number_at(f.payload, 0, 4);
    return all;
  }
  [[nodiscard]] peer& on() const { return on_; }
  /// Where the frames begin, in what came.
  void skip(std::size_t bytes) { skip_ = bytes; }

 private:
  peer& on_;
  std::size_t skip_;
  std::size_t acknowledged_ = 0;
};

/// A server of which each connection begins with HTTP/2's preface.
struct frame_world : world {
  explicit frame_world(std::uint32_t streams = 0) {
    server.on_connection = [this, streams](peer& p, std::size_t) {
      frames.push_back(std::make_unique<frame_peer>(p));
      frames.back()->begin(streams);
      p.on_news = [to = frames.back().get()](peer&) { to->acknowledge(); };
    };
  }
  static parley::options http2() { return parley::options().version(parley::http2); }
  std::unique_ptr<started<parley::response>> get(const std::string& path) {
    return start(http.get("http://10.0.0.1" + path, http2()));
  }
  std::unique_ptr<started<parley::response>> post(const std::string& path) {
    return start(http.post("http://10.0.0.1" + path, "content", "text/plain", http2()));
  }
  frame_peer& at(std::size_t i) { return *frames.at(i); }
  std::vector<std::unique_ptr<frame_peer>> frames;
};

}  // namespace client_tests
