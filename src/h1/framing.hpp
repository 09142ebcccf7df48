// Where a received message ends (RFC 9112 §6), what its connection fields ask for, and whether its head may be believed at all.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/protocol_error.hpp"
#include "h1/head_parser.hpp"
#include "semantics/message_head.hpp"

namespace parley::h1 {

enum class body : std::uint8_t { none, length, chunked, until_close };

/// What the fields of a head mean for its connection.
struct received_head {
  body content = body::none;
  std::uint64_t length = 0;
  bool persistent = false;        // RFC 9112 §9.3
  bool expects_continue = false;  // RFC 9110 §10.1.1
  bool upgrade = false;           // a request asks to switch protocols
};

/// Fills `head` with what `parser` found in `text`, in one copy.
void take_head(const head_parser& parser, std::string_view text, semantics::response_head& head);

/// The same for a request; what makes it unacceptable otherwise. `head.method` is set in any case.
[[nodiscard]] std::optional<engine::protocol_error> take_head(const head_parser& parser, std::string_view text,
                                                              semantics::request_head& head, received_head& meaning);

/// RFC 9112 §6.3 for a response to a request with this method.
[[nodiscard]] std::optional<engine::protocol_error> response_framing(const semantics::response_head& head,
                                                                     const head_controls& seen, parley::method::id request,
                                                                     received_head& meaning);

/// RFC 9110 §6.5.1: framing and routing cannot be changed behind the content.
[[nodiscard]] std::optional<engine::protocol_error> check_trailers(const parley::fields& trailers);

}  // namespace parley::h1
