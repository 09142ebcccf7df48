// The first line of a message: request line (RFC 9112 §3, RFC 1945 §4.1 for 0.9) and status line (RFC 9112 §4).
#pragma once

#include <parley/fields.hpp>
#include <parley/method.hpp>
#include <parley/version.hpp>

#include <optional>
#include <string_view>

#include "engine/protocol_error.hpp"
#include "semantics/target.hpp"

namespace parley::h1 {

struct request_line {
  parley::method method;
  parley::version version = parley::version::http1_1;
  parley::detail::text_ref target;  // within the line
  semantics::parsed_target parts;   // within the target
};

struct status_line {
  int status = 0;
  parley::version version = parley::version::http1_1;
  parley::detail::text_ref reason;  // within the line
};

/// Reads a line (without CR LF, without control characters but tabs) into `out`; what is wrong with it otherwise. `out.method` is set
/// as soon as it is known, since the answer to a refused HEAD has no content either.
///
/// `allow_simple`: a line without a version is a request of HTTP/0.9, `GET /path` or only `/path`.
[[nodiscard]] std::optional<engine::protocol_error> parse_request_line(std::string_view line, bool allow_simple, request_line& out);

/// The same for a response. A missing reason phrase may come without its space: many servers send that (RFC 9112 §4 lets a recipient
/// read on word boundaries).
[[nodiscard]] std::optional<engine::protocol_error> parse_status_line(std::string_view line, status_line& out);

}  // namespace parley::h1
