// The observer: one nullable pointer an engine and a connection hold; every view of a session is a sink behind it.
#pragma once

#include "engine/events.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace parley::engine {

enum class direction : std::uint8_t { in, out };

// Views in observations are valid during the call only.
struct observed_resolve {
  std::string_view host;
  std::string_view addresses;
  bool done;
};  // started / finished
struct observed_connect {
  std::string_view address;
  bool done;
  std::string_view error;
  bool quic = false;          // over UDP; else TCP or a Unix socket
  std::uint64_t through = 0;  // not 0: by a tunnel that this connection's exchange `through_stream` has opened
  stream_id through_stream = 0;
};  // started / finished (error empty: success)
struct observed_handshake {
  bool done;
  std::string_view error;
  std::string_view version;   // `TLS 1.3`
  std::string_view cipher;    // `TLS_AES_128_GCM_SHA256`
  std::string_view group;     // `X25519`
  std::string_view protocol;  // settled by ALPN; empty: none
  std::string_view server_name;
  bool resumed;
  std::string_view early = {};  // early data (0-RTT): `accepted`, `refused`; empty: none was sent
};  // TLS: started / finished (error empty: success)
struct observed_bytes {
  direction way;
  std::string_view bytes;
  std::uint64_t file_bytes = 0;
};  // file_bytes: sent straight from a file
struct observed_head {
  direction way;
  const semantics::request_head* request;
  const semantics::response_head* response;
  std::string_view text;
  std::uint64_t size = 0;
  std::optional<std::uint64_t> length = {};
};  // text: as on the wire (HTTP/1); size: compressed, with its frames' headers and what goes into QPACK's table for it (HTTP/2 and 3);
    // length: of the content, where the engine says it beside the fields
struct observed_push {
  direction way;
  stream_id promised;
  const semantics::request_head* request;
};  // a promise, on the stream that it belongs to
struct observed_frame {
  direction way;
  std::string_view type;  // `HEADERS`; `0x2f` for one without a name
  std::uint8_t flags;
  std::uint64_t size;      // of the payload
  std::string_view about;  // what it says, such as `END_STREAM END_HEADERS` or `MAX_CONCURRENT_STREAMS=128`
  bool http3 = false;      // whose streams are counted from 0: see engine/stream_engine.hpp
};  // whole, or as its header came, for DATA (HTTP/2 and 3)
struct observed_data {
  direction way;
  std::uint64_t size;
};
struct observed_trailers {
  direction way;
  const parley::fields* trailers;
};
struct observed_end {
  direction way;
  bool fin = false;
};  // a message is whole; fin: HTTP/3, where the end of its stream says so
struct observed_state {
  std::string_view machine;
  std::string_view from;
  std::string_view to;
};
struct observed_error {
  protocol_error error;
};  // also limits that fired: error.limit
struct observed_close {
  std::string_view reason;
};

struct observation {
  std::chrono::steady_clock::time_point time;
  std::uint64_t connection = 0;
  stream_id stream = 0;
  std::variant<observed_resolve, observed_connect, observed_handshake, observed_bytes, observed_head, observed_data,
               observed_trailers, observed_end, observed_state, observed_error, observed_close, observed_push, observed_frame>
      what;
};

class observer {
 public:
  virtual ~observer() = default;
  /// Called on the connection's loop; must not call back into the connection.
  virtual void observe(const observation& seen) noexcept = 0;
};

}  // namespace parley::engine
