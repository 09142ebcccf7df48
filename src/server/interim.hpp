// Interim responses of another server, on their way through (RFC 9110 §15.2).
#pragma once

#include <parley/fields.hpp>
#include <parley/request.hpp>

namespace parley::server_room {

/// Sends an interim response ahead of the answer to `req`, a request that a server of ours was given: a status of 100 to 199, but not 101. Without
/// effect to HTTP/1.0, and once the answer's head is sent. On the loop of the request's handler.
void send_interim(const request& req, int status, const fields& lines);

/// Whether the client of `req` waits for 100 before it sends its content (RFC 9110 §10.1.1). If so, reading the content does not send one any more:
/// that is left to `send_interim`.
[[nodiscard]] bool take_expectation(const request& req);

}  // namespace parley::server_room
