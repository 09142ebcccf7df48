// Conditional requests (RFC 9110 §13): what the preconditions of a request come to for a representation.
#pragma once

#include <parley/fields.hpp>
#include <parley/method.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coding/content_coding.hpp"

namespace parley::semantics {

/// What is known of the representation that a plain 200 would carry.
struct validators {
  std::string_view entity_tag;  // with its quotes and, if it is weak, `W/`; empty for none
  std::optional<std::chrono::sys_seconds> modified;
  std::string_view modified_text = {};  // `modified` as it is sent: a date that is the same text needs no reading; may be empty
  bool exists = true;                   // false for what a PUT would create
  /// Whether a tag with a coding's name behind it, as `coded_tag` makes it, is of the same state: If-Match then takes both, and so does
  /// If-None-Match where nothing is read.
  bool coded = false;
  /// That the date is a strong validator (§8.8.2.2): see `is_strong_date`. Not where there are codings: they all have the same date.
  bool strong_date = false;
};

enum class precondition : std::uint8_t {
  proceed,       // perform the method, as if there were no Range
  ranges,        // perform GET, and look at Range
  not_modified,  // answer 304
  failed,        // answer 412
};

/// Whether a request has any field that `evaluate_preconditions` looks at, Range included.
[[nodiscard]] bool has_preconditions(const parley::fields& request);

/// The entity tags say the same: by the strong comparison, which takes no weak ones, or by the weak one (RFC 9110 §8.8.3.2).
[[nodiscard]] bool strongly_equal(std::string_view a, std::string_view b);
[[nodiscard]] bool weakly_equal(std::string_view a, std::string_view b);
/// Whether the second of `modified` is over, so that all who get the representation from now on get what it was at that second's end. Who was
/// given the date within that very second must not use it (§8.8.2.2: Date is at least one second later), and can tell by Date.
[[nodiscard]] constexpr bool is_strong_date(std::chrono::sys_seconds modified, std::chrono::sys_seconds now) {
  return modified < now;
}
/// `"v1-br"` of `"v1"`: what is sent in a content coding is another representation (RFC 9110 §8.8.3.3).
[[nodiscard]] std::string coded_tag(std::string_view tag, coding::content_coding with);
/// `"v1"` of `"v1-br"`, and the same tag of one that has no coding's name at its end.
[[nodiscard]] std::string plain_tag(std::string_view tag);
/// `"..."` or `W/"..."` and nothing else (RFC 9110 §8.8.3).
[[nodiscard]] bool is_entity_tag(std::string_view text);

/// Whether a request is safe from lost updates: it says which state it is meant for. If not, 428 may ask for it (RFC 6585 §3).
[[nodiscard]] bool guards_update(const parley::fields& request);

/// RFC 9110 §13.2.2, steps 1 to 4: If-Match, else If-Unmodified-Since; then If-None-Match, else (for
/// GET and HEAD, which `reads` says) If-Modified-Since. Dates that are none are ignored; a list of tags is looked through up to its
/// first fault. `now` places two-digit years.
[[nodiscard]] precondition evaluate_preconditions(const parley::fields& request, bool reads, const validators& of,
                                                  std::chrono::sys_seconds now);

/// All of RFC 9110 §13.2.2, for any method: CONNECT, OPTIONS and TRACE have no preconditions (§13.2.1), GET and HEAD read, and for GET a
/// Range counts unless an If-Range (§13.1.5) says that the client's part is of another state. To be asked when the answer would
/// be a success without preconditions.
[[nodiscard]] precondition evaluate_preconditions(const parley::method& of_request, const parley::fields& request,
                                                  const validators& of, std::chrono::sys_seconds now);

}  // namespace parley::semantics
