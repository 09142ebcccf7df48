// What a peer did wrong, and what our own side did wrong: two types, never mixed.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::engine {

/// How much of the session a violation costs: the least that the RFC allows.
enum class error_scope : std::uint8_t { stream, connection };

/// A violation by the peer. All texts are literals.
struct protocol_error {
  error_scope scope = error_scope::connection;
  /// The status a server answers with while it still can; 0 when no answer makes sense.
  int status = 400;
  /// The version's own error code (HTTP/2, HTTP/3); 0 in HTTP/1.
  std::uint32_t code = 0;
  /// A short stable name, such as `bare-lf` or `duplicate-content-length`: for logs, metrics and tests.
  std::string_view name;
  /// A sentence for a person.
  std::string_view message;
  /// The rule, such as `RFC 9112 §2.2`.
  std::string_view section;
  /// The member of `limits` that fired, if one did.
  std::string_view limit;
};

/// A command that makes no sense in the present state: a defect of our own side, or a handler's.
enum class misuse : std::uint8_t {
  unknown_stream,  // no such exchange, or it has ended
  head_already_sent,
  head_not_sent,
  after_end,            // content after its end
  content_not_allowed,  // content where none can be: 1xx, 204, 304, an answer to HEAD
  length_exceeded,      // more content than the Content-Length says
  length_short,         // less content than the Content-Length says
  length_required,      // content of unknown length towards a peer that reads neither chunked nor a close as its end
  bad_status,           // outside 100..999, or a switch of protocols that the client did not ask for
  bad_request,          // a method, target or version that this version cannot carry
  too_many_streams,     // not now: this connection takes no further request yet
  closing,              // this connection takes no further request at all
  push_refused,         // the peer takes no pushed response, or none now
  fields_too_large,     // more fields than the peer has said that it takes
};

[[nodiscard]] std::string_view describe(misuse m);

}  // namespace parley::engine
