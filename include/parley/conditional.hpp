// Conditional requests (RFC 9110 §13). What a handler answers to GET needs none of this: `response::entity_tag` and `last_modified` do all. Before a
// handler changes something, it asks here whether the client has seen what it is about to change:
//
//   parley::require_precondition(req, parley::resource_state().entity_tag(customer.revision));   // 428, 412
#pragma once

#include <parley/request.hpp>
#include <parley/response.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// The present state of what a request is about.
class PARLEY_API resource_state {
 public:
  /// There is something, of which no validator is known yet.
  resource_state() = default;
  /// There is nothing: what a PUT would create.
  [[nodiscard]] static resource_state missing();

  /// As `response::entity_tag`; throws as that.
  resource_state& entity_tag(std::string_view opaque, validator strength = validator::strong);
  resource_state& last_modified(std::chrono::system_clock::time_point when);

  [[nodiscard]] bool exists() const { return exists_; }
  /// As a field has it, with quotes; empty for none.
  [[nodiscard]] const std::string& tag() const { return tag_; }
  [[nodiscard]] std::optional<std::chrono::sys_seconds> modified() const { return modified_; }

 private:
  std::string tag_;
  std::optional<std::chrono::sys_seconds> modified_;
  bool exists_ = true;
};

/// Evaluates the preconditions of a request that is going to change something (RFC 9110 §13.2.2), and returns when it may. Throws `problem_error`
/// with 412 where it was meant for another state: somebody else was faster, and their change would be lost. To be asked right before the
/// change, in the same transaction where there is one. GET and HEAD pass: the server evaluates their answers.
PARLEY_API void check_preconditions(const request& req, const resource_state& now);

/// The same, for what must not be changed blindly: a request without If-Match, If-Unmodified-Since or If-None-Match gets 428 (RFC 6585 §3), which
/// says what to send.
PARLEY_API void require_precondition(const request& req, const resource_state& now);

/// An opaque tag of some content: the same for the same bytes, on every machine. For `entity_tag`, where there is no revision at hand.
[[nodiscard]] PARLEY_API std::string content_tag(std::string_view content);

}  // namespace parley
