// Observations written down by hand, with times in microseconds from a beginning.
#pragma once

#include "engine/observer.hpp"
#include "semantics/fields_access.hpp"
#include "trace/recorded.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace trace_test {

using parley::engine::direction;
using time_point = std::chrono::steady_clock::time_point;

inline time_point at(int microseconds) {
  return time_point{} + std::chrono::seconds(100) + std::chrono::microseconds(microseconds);
}

inline constexpr std::string_view request_text =
    "GET /hello/ada HTTP/1.1\r\nHost: localhost:8080\r\nAuthorization: Basic YWRhOnNlY3JldA==\r\nAccept: */*\r\n\r\n";
inline constexpr std::string_view response_text =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Evil: \x1b[31mred\r\nContent-Length: 10\r\n\r\n";

/// Plays a session into a sink.
class script {
 public:
  explicit script(parley::engine::observer& sink, std::uint64_t connection = 1) : sink_(sink), connection_(connection) {}

  /// Another connection into the same sink.
  script(const script& beside, std::uint64_t connection) : sink_(beside.sink_), connection_(connection) {}

  void see(int microseconds, std::uint64_t stream, auto what) { sink_.observe({at(microseconds), connection_, stream, what}); }

  void resolve(int from, int to) {
    see(from, 0, parley::engine::observed_resolve{"localhost", "", false});
    see(to, 0, parley::engine::observed_resolve{"localhost", "::1 127.0.0.1", true});
  }
  void connect(int from, int to, std::string_view address, std::string_view error = {}) {
    see(from, 0, parley::engine::observed_connect{address, false, {}});
    see(to, 0, parley::engine::observed_connect{address, true, error});
  }
  void bytes(int when, direction way, std::string_view bytes) { see(when, 0, parley::engine::observed_bytes{way, bytes}); }
  void request(int when, direction way, std::string_view text, std::uint64_t stream = 1) {
    parley::semantics::request_head head;
    see(when, stream, parley::engine::observed_head{way, &head, nullptr, text});
  }
  void response(int when, direction way, int status, std::string_view text, std::uint64_t stream = 1) {
    parley::semantics::response_head head;
    head.status = status;
    see(when, stream, parley::engine::observed_head{way, nullptr, &head, text});
  }
  void data(int when, direction way, std::uint64_t size, std::uint64_t stream = 1) {
    see(when, stream, parley::engine::observed_data{way, size});
  }
  void end(int when, direction way, std::uint64_t stream = 1) { see(when, stream, parley::engine::observed_end{way}); }
  void close(int when, std::string_view reason) { see(when, 0, parley::engine::observed_close{reason}); }

  /// To a proxy, which opens a tunnel for `inner` at 600.
  void open_tunnel(int from, script& inner) {
    constexpr std::string_view asked = "CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\n";
    constexpr std::string_view opened = "HTTP/1.1 200 OK\r\n\r\n";
    connect(from, from + 200, "127.0.0.1:3128");
    request(from + 200, direction::out, asked);
    bytes(from + 250, direction::out, asked);
    bytes(from + 600, direction::in, opened);
    response(from + 600, direction::in, 200, opened);
    inner.see(from + 600, 0, parley::engine::observed_connect{"far.example:443", true, {}, false, connection_, 1});
    data(from + 700, direction::in, 100);
  }

  /// A client's GET, from look-up to last byte: 1.96 ms.
  void whole_get() {
    resolve(0, 120);
    connect(120, 200, "[::1]:8080", "Connection refused");
    connect(200, 410, "127.0.0.1:8080");
    get_on_connection(430, 1);
  }
  /// The same without a connect: 1.53 ms from `from` on.
  void get_on_connection(int from, std::uint64_t stream) {
    request(from, direction::out, request_text, stream);
    end(from, direction::out, stream);
    bytes(from + 30, direction::out, request_text);
    bytes(from + 1230, direction::in, response_text);
    response(from + 1230, direction::in, 200, response_text, stream);
    data(from + 1230, direction::in, 4, stream);
    bytes(from + 1530, direction::in, "123456");
    data(from + 1530, direction::in, 6, stream);
    end(from + 1530, direction::in, stream);
  }

 private:
  parley::engine::observer& sink_;
  std::uint64_t connection_;
};

}  // namespace trace_test
