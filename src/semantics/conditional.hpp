// Conditional requests (RFC 9110 §13): what the preconditions of a request come to for a representation.
#pragma once

#include <parley/fields.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::semantics {

/// What is known of the representation that a plain 200 would carry.
struct validators {
  std::string_view entity_tag;  // with its quotes and, if it is weak, `W/`; empty for none
  std::optional<std::chrono::sys_seconds> modified;
  std::string_view modified_text = {};  // `modified` as it is sent: a date that is the same text needs no reading; may be empty
};

enum class precondition : std::uint8_t {
  proceed,       // perform the method
  not_modified,  // answer 304
  failed,        // answer 412
};

/// Whether a request has any field that `evaluate_preconditions` looks at.
[[nodiscard]] bool has_preconditions(const parley::fields& request);

/// RFC 9110 §13.2.2, steps 1 to 4, for a representation that exists: If-Match, else If-Unmodified-Since; then If-None-Match, else (for
/// GET and HEAD, which `reads` says) If-Modified-Since. Dates that are none are ignored; a list of tags is looked through up to its
/// first fault. `now` places two-digit years.
[[nodiscard]] precondition evaluate_preconditions(const parley::fields& request, bool reads, const validators& of,
                                                  std::chrono::sys_seconds now);

}  // namespace parley::semantics
