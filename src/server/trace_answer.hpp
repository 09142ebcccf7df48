// The answer to TRACE (RFC 9110 §9.3.8).
#pragma once

#include <parley/request.hpp>
#include <parley/response.hpp>

namespace parley::server_room {

/// The request's head as message/http, without what looks like a secret.
[[nodiscard]] response trace_answer(const request& req);

}  // namespace parley::server_room
