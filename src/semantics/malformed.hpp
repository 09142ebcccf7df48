// What makes a message of HTTP/2 or HTTP/3 malformed, or larger than is taken, each with a sentence and its rule.
#pragma once

#include <string_view>

namespace parley::semantics {

/// All texts are literals. The sections are those of HTTP/2, whose rules HTTP/3 shares (RFC 9114 §4).
struct malformed {
  /// A short stable name, such as `uppercase-field-name`.
  std::string_view name;
  /// A sentence for a person.
  std::string_view message;
  std::string_view section;
  /// What a server may answer with; 0 when no answer makes sense (a response, or trailers).
  int status = 400;
  /// Larger than is taken: not a fault of the message (RFC 9113 §10.5.1 lets a server answer 431 without a stream error).
  bool too_large = false;
  /// The member of `limits` that fired, if one did.
  std::string_view limit;
};

namespace fault {

namespace detail {
constexpr malformed make(std::string_view name, std::string_view message, std::string_view section, int status = 400) {
  return {.name = name, .message = message, .section = section, .status = status, .too_large = false, .limit = {}};
}
constexpr malformed make_limit(std::string_view name, std::string_view message, std::string_view section, int status,
                               std::string_view limit) {
  return {.name = name, .message = message, .section = section, .status = status, .too_large = true, .limit = limit};
}
}  // namespace detail

using detail::make;
using detail::make_limit;

// --- names and values ----------------------------------------------------------------------------------------------------------
inline constexpr auto uppercase_field_name =
    make("uppercase-field-name", "A field's name has an upper-case letter.", "RFC 9113 §8.2.1");
inline constexpr auto bad_field_name = make("bad-field-name", "A field's name is not a token.", "RFC 9113 §8.2.1");
inline constexpr auto bad_field_value = make("bad-field-value", "A field's value has a control character.", "RFC 9113 §8.2.1");
inline constexpr auto space_around_value =
    make("space-around-value", "A field's value begins or ends with white space.", "RFC 9113 §8.2.1");
inline constexpr auto connection_field =
    make("connection-specific-field", "A field of the HTTP/1 connection has no place here.", "RFC 9113 §8.2.2");
inline constexpr auto bad_te = make("bad-te", "TE may say `trailers` and nothing else.", "RFC 9113 §8.2.2");

// --- pseudo-fields --------------------------------------------------------------------------------------------------------------
inline constexpr auto unknown_pseudo_field =
    make("unknown-pseudo-field", "A pseudo-field is unknown, or belongs to another message.", "RFC 9113 §8.3");
inline constexpr auto late_pseudo_field =
    make("late-pseudo-field", "A pseudo-field stands behind a regular field.", "RFC 9113 §8.3");
inline constexpr auto duplicate_pseudo_field =
    make("duplicate-pseudo-field", "A pseudo-field stands there twice.", "RFC 9113 §8.3");
inline constexpr auto pseudo_field_in_trailers =
    make("pseudo-field-in-trailers", "Trailers have no pseudo-fields.", "RFC 9113 §8.1");
inline constexpr auto missing_method = make("missing-method", "The request has no :method.", "RFC 9113 §8.3.1");
inline constexpr auto missing_scheme = make("missing-scheme", "The request has no :scheme.", "RFC 9113 §8.3.1");
inline constexpr auto missing_path = make("missing-path", "The request has no :path.", "RFC 9113 §8.3.1");
inline constexpr auto missing_authority =
    make("missing-authority", "The request has neither :authority nor Host.", "RFC 9113 §8.3.1");
inline constexpr auto bad_method = make("bad-method", "The :method is not a token.", "RFC 9110 §9.1");
inline constexpr auto unknown_long_method =
    make("method-too-long", "The method is longer than any that this server knows.", "RFC 9110 §9.1", 501);
inline constexpr auto bad_scheme = make("bad-scheme", "The :scheme is not the name of a URI scheme.", "RFC 9113 §8.3.1");
inline constexpr auto wrong_scheme = make("wrong-scheme", "The :scheme is not the one of this connection.", "RFC 9110 §7.4", 421);
inline constexpr auto bad_path = make("bad-path", "The :path is not valid.", "RFC 9113 §8.3.1");
inline constexpr auto bad_authority = make("bad-authority", "The :authority is empty or not valid.", "RFC 9113 §8.3.1");
inline constexpr auto duplicate_host = make("duplicate-host", "There is more than one Host field.", "RFC 9110 §7.2");
inline constexpr auto bad_host = make("bad-host", "The Host field is empty or not valid.", "RFC 9113 §8.3.1");
inline constexpr auto host_differs = make("host-differs", "Host and :authority name different hosts.", "RFC 9113 §8.3.1");
inline constexpr auto bad_connect =
    make("bad-connect", "A CONNECT has :method and :authority, and neither :scheme nor :path.", "RFC 9113 §8.5");
inline constexpr auto bad_connect_authority =
    make("bad-connect-authority", "The :authority of a CONNECT is not host and port.", "RFC 9113 §8.5");
inline constexpr auto protocol_without_connect = make("protocol-without-connect", ":protocol is for CONNECT alone.", "RFC 8441 §4");
inline constexpr auto bad_protocol = make("bad-protocol", "The :protocol is not the name of a protocol.", "RFC 8441 §4");
inline constexpr auto missing_status = make("missing-status", "The response has no :status.", "RFC 9113 §8.3.2", 0);
inline constexpr auto bad_status = make("bad-status", "The :status is not a number from 100 to 999.", "RFC 9113 §8.3.2", 0);
inline constexpr auto switching_protocols =
    make("switching-protocols", "This version has no 101 (Switching Protocols).", "RFC 9113 §8.6", 0);

// --- content, expectations, trailers --------------------------------------------------------------------------------------------
inline constexpr auto bad_content_length =
    make("bad-content-length", "Content-Length is not one decimal number.", "RFC 9113 §8.1.1");
inline constexpr auto duplicate_content_length =
    make("duplicate-content-length", "There is more than one Content-Length.", "RFC 9113 §8.1.1");
inline constexpr auto content_in_connect = make("content-in-connect", "A CONNECT request has no content.", "RFC 9110 §9.3.6");
inline constexpr auto unknown_expectation =
    make("unknown-expectation", "The only expectation that is understood here is 100-continue.", "RFC 9110 §10.1.1", 417);
inline constexpr auto forbidden_trailer =
    make("forbidden-trailer", "A trailer field concerns framing or routing.", "RFC 9110 §6.5.1");

// --- limits ---------------------------------------------------------------------------------------------------------------------
inline constexpr auto head_too_large =
    make_limit("head-too-large", "The fields together are larger than this server accepts.", "RFC 9113 §10.5.1", 431, "head");
inline constexpr auto too_many_fields =
    make_limit("too-many-fields", "There are more field lines than this server accepts.", "RFC 9113 §10.5.1", 431, "field_count");
inline constexpr auto field_line_too_long =
    make_limit("field-line-too-long", "A field line is longer than this server accepts.", "RFC 9113 §10.5.1", 431, "field_line");
inline constexpr auto path_too_long =
    make_limit("path-too-long", "The :path is longer than this server accepts.", "RFC 9110 §15.5.15", 414, "start_line");
inline constexpr auto trailers_too_large =
    make_limit("trailers-too-large", "The trailer fields are larger than accepted.", "RFC 9113 §10.5.1", 431, "trailers");
inline constexpr auto too_many_trailers =
    make_limit("too-many-trailers", "There are more trailer fields than accepted.", "RFC 9113 §10.5.1", 431, "trailer_count");

/// All of them, for tests and documents.
inline constexpr const malformed* all[] = {
    &uppercase_field_name,
    &bad_field_name,
    &bad_field_value,
    &space_around_value,
    &connection_field,
    &bad_te,
    &unknown_pseudo_field,
    &late_pseudo_field,
    &duplicate_pseudo_field,
    &pseudo_field_in_trailers,
    &missing_method,
    &missing_scheme,
    &missing_path,
    &missing_authority,
    &bad_method,
    &unknown_long_method,
    &bad_scheme,
    &wrong_scheme,
    &bad_path,
    &bad_authority,
    &duplicate_host,
    &bad_host,
    &host_differs,
    &bad_connect,
    &bad_connect_authority,
    &protocol_without_connect,
    &bad_protocol,
    &missing_status,
    &bad_status,
    &switching_protocols,
    &bad_content_length,
    &duplicate_content_length,
    &content_in_connect,
    &unknown_expectation,
    &forbidden_trailer,
    &head_too_large,
    &too_many_fields,
    &field_line_too_long,
    &path_too_long,
    &trailers_too_large,
    &too_many_trailers,
};

}  // namespace fault

}  // namespace parley::semantics
