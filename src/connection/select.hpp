// How a cleartext connection's version is found out: by the first bytes of its client, or by what its first request asks for.
#pragma once

#include "semantics/message_head.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::connection {

enum class first_bytes : std::uint8_t {
  undecided,  // they may become either
  http1,
  http2,  // the client connection preface (RFC 9113 §3.4), whole
};

/// What a connection begins with: HTTP/2 by prior knowledge (RFC 9113 §3.3), or else HTTP/1.
[[nodiscard]] first_bytes look_at_first_bytes(std::string_view received);

/// The payload of the SETTINGS frame that a request to go on in HTTP/2 brings along (RFC 7540 §3.2); nothing when it is none such, or
/// not as it has to be, and then the Upgrade is ignored (RFC 9110 §7.8).
[[nodiscard]] std::optional<std::string> h2c_settings(const semantics::request_head& head);

/// A seed for what a peer must not guess about one connection's engine.
[[nodiscard]] std::uint64_t engine_seed(std::uint64_t connection);

}  // namespace parley::connection
