// Engines by version, so that server and client need not know them.
#pragma once

#include "engine/byte_engine.hpp"

#include <parley/limits.hpp>

#include <memory>
#include <span>

namespace parley::connection {

/// What both ends may choose about HTTP/1.
struct http1_options {
  bool allow_http09 = true;  // server: a first request without version is answered as HTTP/0.9
  bool secure = false;       // the byte stream is TLS's
};

/// An engine for HTTP/0.9, 1.0 and 1.1. `caps` must outlive it.
[[nodiscard]] std::unique_ptr<engine::byte_engine> make_http1_engine(engine::role as, const limits& caps, http1_options how,
                                                                     engine::time_point now);

/// Everything that a peer can do wrong in HTTP/1.
[[nodiscard]] std::span<const engine::protocol_error* const> http1_violations();

}  // namespace parley::connection
