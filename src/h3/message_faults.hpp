// The faults of messages (semantics/malformed.hpp) and of QPACK as violations of HTTP/3, and all violations together.
#pragma once

#include <span>

#include "engine/protocol_error.hpp"
#include "fieldcode/qpack_error.hpp"
#include "semantics/malformed.hpp"

namespace parley::h3 {

/// RFC 9114 §4.1.2: what is malformed costs its stream; what is only too large, or not for us, has a status to answer with. The sections
/// are those of HTTP/3.
[[nodiscard]] engine::protocol_error stream_error(const semantics::malformed& fault);

/// Costs the connection (RFC 9204 §6).
[[nodiscard]] engine::protocol_error connection_error(const fieldcode::qpack_error& error);

/// Those of QPACK, by name.
[[nodiscard]] inline std::span<const std::string_view> qpack_fault_names() { return fieldcode::qpack_error_names; }

/// Everything that a peer can do wrong in HTTP/3 itself, by name; for counters and documents.
[[nodiscard]] std::span<const engine::protocol_error* const> all_faults();

}  // namespace parley::h3
