// Engines by version, so that server and client need not know them.
#pragma once

#include "engine/byte_engine.hpp"
#include "engine/stream_engine.hpp"

#include <parley/limits.hpp>
#include <parley/method.hpp>

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace parley::connection {

/// What both ends may choose about HTTP/1.
struct http1_options {
  bool allow_http09 = true;  // server: a first request without version is answered as HTTP/0.9
  bool secure = false;       // the byte stream is TLS's
};

/// An engine for HTTP/0.9, 1.0 and 1.1. `caps` must outlive it.
[[nodiscard]] std::unique_ptr<engine::byte_engine> make_http1_engine(engine::role as, const limits& caps, http1_options how,
                                                                     engine::time_point now);

/// What both ends may choose about HTTP/2.
struct http2_options {
  bool push = false;  // client: takes pushed responses (SETTINGS_ENABLE_PUSH); a server pushes where its peer's setting allows
  bool extended_connect = false;  // server: announces SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441)
  bool any_scheme = false;        // server: its owner judges `:scheme`
  bool secure = true;             // the byte stream is TLS's: `:scheme` must be https, else http
  std::uint64_t seed = 0;         // for hashing (HPACK's lookup) and GREASE: different for each connection
};

/// An engine for HTTP/2. `caps` must outlive it.
[[nodiscard]] std::unique_ptr<engine::byte_engine> make_http2_engine(engine::role as, const limits& caps, http2_options how,
                                                                     engine::time_point now);

/// An engine for HTTP/2 after `Upgrade: h2c` (RFC 7540 §3.2): stream 1 is the request of that method, which is whole. `settings`: at a
/// server the decoded HTTP2-Settings of the client, else empty. Nothing more may be done with settings that cannot be: the error.
[[nodiscard]] std::expected<std::unique_ptr<engine::byte_engine>, engine::protocol_error> make_upgraded_http2_engine(
    engine::role as, const limits& caps, http2_options how, parley::method::id method, std::string_view settings,
    engine::time_point now);

/// What both ends may choose about HTTP/3.
struct http3_options {
  bool push = false;              // client: takes pushed responses (MAX_PUSH_ID); a server pushes where its peer allows it
  bool extended_connect = false;  // server: announces SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 9220)
  bool any_scheme = false;        // server: its owner judges `:scheme`
  bool datagrams = false;         // announces SETTINGS_H3_DATAGRAM (RFC 9297): the transport takes DATAGRAM frames
  std::string remembered = {};    // client, for early data: what `http3_settings` gave for the connection that the ticket is of
  std::uint64_t seed = 0;         // for hashing (QPACK's lookup) and GREASE: different for each connection
  std::uint64_t request_streams =
      0;  // server: what the transport grants at first, and one more for each that is closed; 0: unknown
};

/// An engine for HTTP/3. `caps` must outlive it.
[[nodiscard]] std::unique_ptr<engine::stream_engine> make_http3_engine(engine::role as, const limits& caps, http3_options how,
                                                                       engine::time_point now);

/// The peer's settings, as some bytes to keep with its ticket (RFC 9114 §7.2.4.2); empty while they have not come. `of` was made by
/// `make_http3_engine`.
[[nodiscard]] std::string http3_settings(const engine::stream_engine& of);

/// Everything that a peer can do wrong in HTTP/1.
[[nodiscard]] std::span<const engine::protocol_error* const> http1_violations();
/// Everything that a peer can do wrong in HTTP/2.
[[nodiscard]] std::span<const engine::protocol_error* const> http2_violations();
/// Everything that a peer can do wrong in HTTP/3.
[[nodiscard]] std::span<const engine::protocol_error* const> http3_violations();
/// And in QPACK, by name.
[[nodiscard]] std::span<const std::string_view> qpack_violations();

}  // namespace parley::connection
