// The faults of messages (semantics/malformed.hpp) as violations of HTTP/2, and all violations together.
#pragma once

#include <cstddef>
#include <span>

#include "engine/protocol_error.hpp"
#include "semantics/malformed.hpp"

namespace parley::h2 {

/// RFC 9113 §8.1.1: what is malformed costs its stream; what is only too large, or not for us, has a status to answer with.
[[nodiscard]] engine::protocol_error stream_error(const semantics::malformed& fault);

/// Everything that a peer can do wrong, by name; for counters and documents.
[[nodiscard]] std::span<const engine::protocol_error* const> all_faults();

}  // namespace parley::h2
