// A client of QUIC that says on its streams what a test gives it, byte by byte: what no client of ours would say of HTTP/3.
#pragma once

#include "base/random.hpp"
#include "connection/quic_outbox.hpp"
#include "net/datagram.hpp"
#include "net/loop.hpp"
#include "quic/connection.hpp"
#include "quic/stream_peer.hpp"
#include "tls/credentials.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http3_tests {

// --- HTTP/3 in bytes -------------------------------------------------------------------------------------------------------------

/// RFC 9000 §16.
inline std::string number(std::uint64_t value) {
  std::string out;
  const int bytes = value < 0x40 ? 1 : value < 0x4000 ? 2 : value < 0x40000000 ? 4 : 8;
  const unsigned prefix = bytes == 1 ? 0 : bytes == 2 ? 0x40 : bytes == 4 ? 0x80 : 0xc0;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  out[0] = static_cast<char>(static_cast<unsigned char>(out[0]) | prefix);
  return out;
}

inline std::string frame(std::uint64_t type, std::string_view payload) {
  return number(type).append(number(payload.size())).append(payload);
}

/// A prefix integer (RFC 7541 §5.1) with the bits above it.
inline std::string prefixed(std::uint64_t value, int bits, unsigned above) {
  const std::uint64_t most = (std::uint64_t{1} << bits) - 1;
  std::string out(1, static_cast<char>(above | static_cast<unsigned>(std::min(value, most))));
  if (value < most) return out;
  for (value -= most; value >= 128; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7f));
  return out += static_cast<char>(value);
}

/// A field as literals (RFC 9204 §4.5.6).
inline std::string field(std::string_view name, std::string_view value) {
  return prefixed(name.size(), 3, 0x20).append(name).append(prefixed(value.size(), 7, 0)).append(value);
}

/// A section that refers to nothing of the table.
inline std::string section(std::string_view lines) { return std::string("\0\0", 2).append(lines); }

inline std::string request_lines(std::string_view method, std::string_view path) {
  return field(":method", method) + field(":scheme", "https") + field(":authority", "a.example") + field(":path", path);
}
/// HEADERS with a request's head; `more` are lines behind it.
inline std::string request_frame(std::string_view method, std::string_view path, std::string_view more = {}) {
  return frame(0x01, section(request_lines(method, path).append(more)));
}
/// A control stream with these settings, and what follows them.
inline std::string control_stream(std::string_view settings = {}, std::string_view behind = {}) {
  return std::string(1, '\0').append(frame(0x04, settings)).append(behind);
}

// --- the client ------------------------------------------------------------------------------------------------------------------

/// What it wants of a connection.
struct raw_setup {
  std::shared_ptr<const parley::tls::client_credentials> credentials;
  std::uint16_t port = 443;
  std::optional<parley::tls::quic_ticket> resume = {};
  bool early = false;
  parley::limits caps = {};
  std::string from = "127.0.0.1";
};

class raw_client final : private parley::net::datagram_handler {
 public:
  raw_client(parley::net::loop& on, raw_setup how)
      : loop_(on), server_(parley::net::endpoint{"127.0.0.1", how.port, false}), from_(how.from),
        timer_(on, [this] { on_time(); }) {
    open_socket();
    parley::quic::client_setup with;
    with.credentials = std::move(how.credentials);
    with.to = {"a.example", how.port, {"h3"}};
    with.by = path_ = by();
    with.settings.limits = how.caps;
    with.settings.unidirectional_streams = 100;
    with.settings.bidirectional_streams = 0;
    with.resume = std::move(how.resume);
    with.early = how.early;
    quic = parley::quic::connection::connect(std::move(with), streams, parley::base::system_random(), loop_.now());
  }
  ~raw_client() = default;

  /// Sends what there is to send. Everything else happens by itself while the loop runs.
  void go() {
    while (quic->send(out_, loop_.now())) flush();
    flush();
    if (const auto when = quic->deadline()) timer_.arm(*when);
  }
  /// These datagrams, from this socket.
  void send(std::string_view datagram) {
    const parley::net::datagram_run run{{}, server_, 0, datagram.size(), datagram};
    parley::net::send_place at;
    static_cast<void>(socket_->send({&run, 1}, at));
    bytes_out += datagram.size();
  }
  /// Goes on from another port, without a word (as behind a NAT that forgets).
  void change_port() {
    socket_.reset();
    open_socket();
  }
  /// The response on a request stream, as it came.
  [[nodiscard]] const parley::quic::stream_peer::stream& on(std::uint64_t stream) { return streams.streams[stream]; }
  [[nodiscard]] bool done(std::uint64_t stream) { return on(stream).in_fin || on(stream).reset_code || quic->closed(); }
  [[nodiscard]] parley::quic::path by() const {
    return {parley::connection::to_quic(socket_->local()), parley::connection::to_quic(server_)};
  }

  parley::quic::stream_peer streams{parley::engine::role::client};
  std::unique_ptr<parley::quic::connection> quic;
  std::vector<std::string> sent;      // kept where `keeps`
  std::vector<std::string> received;  // the same
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  bool keeps = false;
  bool silent = false;  // nothing leaves
  bool deaf = false;    // what comes is counted, and that is all

 private:
  void open_socket() {
    parley::net::datagram_options how;
    how.peer = server_;
    socket_ = parley::net::open_datagrams(loop_, parley::net::ip_endpoint(parley::net::endpoint{from_, 0, false}), how).value();
    socket_->start(this);
  }
  void flush() {
    for (const auto& run : out_.runs()) {
      for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
        const std::string_view one = run.bytes.substr(at, run.segment);
        if (keeps) sent.emplace_back(one);
        if (!silent) send(one);
      }
    }
    out_.clear();
  }
  void on_datagrams(std::span<const parley::net::datagram_run> runs) override {
    for (const auto& run : runs) {
      bytes_in += run.bytes.size();
      for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
        const std::string_view one = run.bytes.substr(at, run.segment);
        if (keeps) received.emplace_back(one);
        if (deaf) continue;
        quic->receive(path_, static_cast<parley::quic::ecn>(run.ecn), one, loop_.now());
      }
    }
    if (!deaf) go();
  }
  void on_writable() override {}
  void on_time() {
    if (deaf) return;
    quic->expired(loop_.now());
    go();
  }

  parley::net::loop& loop_;
  parley::net::ip_endpoint server_;
  std::string from_;
  std::unique_ptr<parley::net::datagram_socket> socket_;
  parley::net::timer timer_;
  parley::quic::batch out_;
  parley::quic::path path_;  // as its own end knows it, also when the port has changed
};

}  // namespace http3_tests
