// Heads and trailers to the field sections of HTTP/2 and HTTP/3: the lines to send, in their order (RFC 9113 §8.2, §8.3).
#pragma once

#include <parley/fields.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/number.hpp"
#include "semantics/message_head.hpp"
#include "semantics/name_tag.hpp"

namespace parley::semantics {

/// Whether a head can be sent; all but `ok` are faults of our own side.
enum class sendable : std::uint8_t {
  ok,
  bad_method,     // never from a `request_head` that a parser made
  bad_scheme,     // no name of a URI scheme
  bad_authority,  // neither an authority nor a Host, or not a valid one; for CONNECT, not host and port
  bad_target,     // not of the form that the method asks for
  bad_protocol,   // an extended CONNECT (RFC 8441 §4) without CONNECT
  bad_status,     // outside 100 to 999, or 101
  too_large,      // more fields than the peer has said that it takes
};

/// The pseudo-fields of a request, in the order in which they are sent. Views into the head, `scheme`, or literals.
struct request_pseudo {
  sendable result = sendable::ok;
  std::string_view method;
  std::string_view scheme;     // empty for CONNECT
  std::string_view authority;  // the head's, else its Host
  std::string_view path;       // path and query; `*`; empty for CONNECT
  std::string_view protocol;   // extended CONNECT
  // Where the target is an absolute URI without path but with a query, `path` is the query with its mark, and a slash precedes it.
  bool slash = false;
};

/// `scheme` is the connection's, such as `https`. The target may have any form (RFC 9112 §3.2).
[[nodiscard]] request_pseudo request_pseudo_fields(const request_head& head, std::string_view scheme);

/// Decides about one line of a message: its lower-case name, or an empty one for a line that is left out: Content-Length (the engine's),
/// the fields of the HTTP/1 connection (RFC 9113 §8.2.2) and TE without `trailers`; Host in requests and trailers.
///
/// `te: trailers` is all that is left of a TE field.
class line_filter {
 public:
  enum class kind : std::uint8_t { request, response, trailers };
  line_filter(const parley::fields& f, kind what);

  struct line {
    name_tag tag = other_name;
    std::string_view name;  // valid until the next call
    std::string_view value;
  };
  [[nodiscard]] line read(const parley::fields& f, std::size_t index);

 private:
  [[nodiscard]] line read_special(const parley::fields& f, field_id id, std::string_view value) const;
  [[nodiscard]] line read_other(std::string_view name, std::string_view value);

  kind kind_;
  bool options_ = false;  // a Connection field names further fields of the connection
  std::string lower_;
};

/// What lies behind the three functions below: each line of `f` that is sent.
template <class Visit>
void for_each_line(const parley::fields& f, line_filter::kind kind, Visit&& visit) {
  line_filter filter(f, kind);
  for (std::size_t i = 0; i < f.size(); ++i) {
    const line_filter::line line = filter.read(f, i);
    if (!line.name.empty()) visit(line.tag, line.name, line.value);
  }
}

/// Calls `visit(name_tag, std::string_view name, std::string_view value)` for each line of a request, pseudo-fields first, views for the
/// call only; nothing is visited unless the result is `ok`. `content_length` is sent where it has a value.
template <class Visit>
[[nodiscard]] sendable for_each_request_field(const request_head& head, std::string_view scheme,
                                              std::optional<std::uint64_t> content_length, Visit&& visit);

/// The same for a response, its ready lines included. The reason phrase is not sent (RFC 9113 §8.3.2).
template <class Visit>
[[nodiscard]] sendable for_each_response_field(const response_head& head, std::optional<std::uint64_t> content_length,
                                               Visit&& visit);

/// The same for trailers: whatever of them can be sent.
template <class Visit>
void for_each_trailer_field(const parley::fields& trailers, Visit&& visit) {
  for_each_line(trailers, line_filter::kind::trailers, visit);
}

// --- templates -----------------------------------------------------------------------------------------------------------------

template <class Visit>
void visit_content_length(std::optional<std::uint64_t> length, Visit&& visit) {
  if (!length) return;
  char digits[base::max_decimal_digits];
  const char* const end = base::write_decimal(digits, *length);
  visit(tag_of(field_id::content_length), name_of(field_id::content_length),
        std::string_view{digits, static_cast<std::size_t>(end - digits)});
}

template <class Visit>
sendable for_each_request_field(const request_head& head, std::string_view scheme, std::optional<std::uint64_t> content_length,
                                Visit&& visit) {
  const request_pseudo p = request_pseudo_fields(head, scheme);
  if (p.result != sendable::ok) return p.result;
  const auto pseudo = [&](pseudo_field f, std::string_view value) {
    if (!value.empty()) visit(tag_of(f), name_of(f), value);
  };
  pseudo(pseudo_field::method, p.method);
  pseudo(pseudo_field::scheme, p.scheme);
  pseudo(pseudo_field::authority, p.authority);
  if (p.slash) [[unlikely]] {
    pseudo(pseudo_field::path, std::string("/").append(p.path));
  } else {
    pseudo(pseudo_field::path, p.path);
  }
  pseudo(pseudo_field::protocol, p.protocol);
  for_each_line(head.fields, line_filter::kind::request, visit);
  visit_content_length(content_length, visit);
  return sendable::ok;
}

template <class Visit>
sendable for_each_response_field(const response_head& head, std::optional<std::uint64_t> content_length, Visit&& visit) {
  // RFC 9113 §8.6: there is no 101.
  if (head.status < 100 || head.status > 999 || head.status == 101) return sendable::bad_status;
  char digits[base::max_decimal_digits];
  base::write_decimal(digits, static_cast<std::uint64_t>(head.status));
  visit(tag_of(pseudo_field::status), name_of(pseudo_field::status), std::string_view{digits, 3});
  for_each_line(head.fields, line_filter::kind::response, visit);
  for (const auto* ready : head.ready) {
    if (ready != nullptr) for_each_line(ready->fields, line_filter::kind::response, visit);
  }
  visit_content_length(content_length, visit);
  return sendable::ok;
}

}  // namespace parley::semantics
