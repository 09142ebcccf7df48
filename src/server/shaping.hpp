// What a server makes of a handler's answer before it is sent: preconditions, ranges, Vary, digests, a content coding, trailers.
#pragma once

#include "server/compression.hpp"

#include <parley/problem.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>

#include <optional>

namespace parley {
class server_core;
}

namespace parley::server_room {

struct shaped_answer {
  fields trailers;             // to be sent behind the content
  bool coded = false;          // it is sent in a content coding now
  bool range_ignored = false;  // the request's Range was not obeyed
};

/// RFC 9110 §14.5: a PUT with Content-Range is meant for a part, and would replace the whole.
[[nodiscard]] std::optional<problem> partial_put(const request& req);

/// Throws `problem_error` with 400 when the request's content is not what its Content-Digest says.
void check_content_digest(const request& req);

/// `r` may become another answer: 206, 304, 412, 416.
[[nodiscard]] shaped_answer shape_answer(const server_core& core, compressor& coder, const request& req, response& r);

}  // namespace parley::server_room
