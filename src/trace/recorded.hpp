// An observation as a value: it owns its text, so it may be kept, folded into exchanges, or written down.
#pragma once

#include <parley/version.hpp>

#include "engine/observer.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

namespace parley::trace {

using time_point = std::chrono::steady_clock::time_point;
using engine::direction;

struct resolve_step {
  std::string host;
  std::string addresses;  // as the resolver gave them, separated by blanks or commas
  bool done = false;
};

struct connect_step {
  std::string address;
  bool done = false;
  std::string error;  // why it failed; empty for a success
  bool quic = false;
  std::uint64_t through = 0;             // a proxy's tunnel: its connection, and the exchange that opened it
  engine::stream_id through_stream = 0;  //
};

struct handshake_step {
  bool done = false;
  std::string error;  // why it failed; empty for a success
  std::string about;  // `TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, http/1.1, resumed`
};

/// A run of reads or writes: from the record's time to `last`.
struct bytes_step {
  direction way = direction::in;
  std::uint64_t size = 0;
  std::uint64_t file_bytes = 0;  // of these, how many were sent straight from a file
  std::uint64_t calls = 1;
  time_point last{};
};

struct head_step {
  direction way = direction::in;
  bool is_request = false;
  int status = 0;  // of a response
  parley::version version = parley::version::http1_1;
  std::uint64_t wire_size = 0;  // with HTTP/2 compressed; 0 where nobody said
  /// As on the wire; with HTTP/2 and 3, which have no text, a line for each pseudo-field and field: `:method: GET`.
  std::string text;
  /// With HTTP/2 and 3: what would be the first line, such as `GET /hello HTTP/2` or `HTTP/2 200 OK`.
  std::string start_line{};
  bool pushed = false;  // nobody sent the request that it answers
};

/// A run of content, as `bytes_step`.
struct data_step {
  direction way = direction::in;
  std::uint64_t size = 0;
  std::uint64_t pieces = 1;
  time_point last{};
};

struct trailers_step {
  direction way = direction::in;
  std::string text;  // `Name: value` lines
};

struct end_step {
  direction way = direction::in;
  bool fin = false;  // HTTP/3: the end of its stream said so
};

struct state_step {
  std::string machine, from, to;
};

struct error_step {
  engine::protocol_error error;  // its texts are literals
};

struct close_step {
  std::string reason;
};

/// A promise of a response to a request that nobody sent; on the stream that it belongs to.
struct push_step {
  direction way = direction::in;
  engine::stream_id promised = 0;
  std::string text{};        // the promised request, as in a head_step
  std::string start_line{};  //
};

struct frame_step {
  direction way = direction::in;
  std::string type;
  std::uint8_t flags = 0;
  std::uint64_t size = 0;  // of the payload; of a run's all together
  std::string about;
  bool http3 = false;
  std::uint64_t count = 1;  // of a run: DATA of one stream, one behind the other
};

struct recorded {
  time_point time{};
  std::uint64_t connection = 0;
  engine::stream_id stream = 0;
  std::variant<resolve_step, connect_step, handshake_step, bytes_step, head_step, data_step, trailers_step, end_step, state_step,
               error_step, close_step, push_step, frame_step>
      what;
};

/// HTTP/3's promised exchanges have ids from 2^62 on; those of its requests are one above their streams'.
[[nodiscard]] bool is_http3_push(engine::stream_id id);
/// As its version counts them: `stream 1` of HTTP/2; `stream 0` or `push 0` of HTTP/3.
[[nodiscard]] std::string stream_name(engine::stream_id id, bool http3);

/// Copies what an observation only shows for the length of a call.
[[nodiscard]] recorded record(const engine::observation& seen);

}  // namespace parley::trace
