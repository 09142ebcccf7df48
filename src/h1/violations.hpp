// Everything a peer can do wrong in HTTP/1, each with its answer, a sentence and the rule.
#pragma once

#include "engine/protocol_error.hpp"

namespace parley::h1::violation {

using engine::protocol_error;

namespace detail {
constexpr protocol_error make(int status, std::string_view name, std::string_view message, std::string_view section,
                              std::string_view limit = {}) {
  return {.scope = engine::error_scope::connection,
          .status = status,
          .code = 0,
          .name = name,
          .message = message,
          .section = section,
          .limit = limit};
}
}  // namespace detail

using detail::make;

// --- lines -------------------------------------------------------------------------------------------------------------------
inline constexpr auto bare_lf = make(400, "bare-lf", "A line ends with LF alone; it must end with CR LF.", "RFC 9112 §2.2");
inline constexpr auto bare_cr = make(400, "bare-cr", "A CR is not followed by LF.", "RFC 9112 §2.2");
inline constexpr auto control_character = make(400, "control-character", "A line contains a control character.", "RFC 9110 §5.5");
inline constexpr auto too_many_empty_lines =
    make(400, "too-many-empty-lines", "Too many empty lines precede the request.", "RFC 9112 §2.2", "leading_empty_lines");
inline constexpr auto start_line_too_long =
    make(414, "start-line-too-long", "The first line is longer than this server accepts.", "RFC 9112 §3", "start_line");
inline constexpr auto field_line_too_long =
    make(431, "field-line-too-long", "A field line is longer than this server accepts.", "RFC 6585 §5", "field_line");
inline constexpr auto head_too_large =
    make(431, "head-too-large", "The fields together are larger than this server accepts.", "RFC 6585 §5", "head");
inline constexpr auto too_many_fields =
    make(431, "too-many-fields", "There are more field lines than this server accepts.", "RFC 6585 §5", "field_count");

// --- request line, status line -----------------------------------------------------------------------------------------------
inline constexpr auto bad_request_line =
    make(400, "bad-request-line", "The request line is not: method, one space, target, one space, version.", "RFC 9112 §3");
inline constexpr auto bad_method = make(400, "bad-method", "The method is not a token.", "RFC 9110 §9.1");
inline constexpr auto unknown_long_method =
    make(501, "method-too-long", "The method is longer than any that this server knows.", "RFC 9112 §3");
inline constexpr auto bad_target = make(400, "bad-target", "The request-target is not valid.", "RFC 9112 §3.2");
inline constexpr auto bad_version = make(400, "bad-version", "The version is not of the form HTTP/1.1.", "RFC 9112 §2.3");
inline constexpr auto version_not_supported =
    make(505, "version-not-supported", "This connection speaks HTTP/1 only.", "RFC 9110 §15.6.6");
inline constexpr auto http09_refused =
    make(400, "http09-refused", "A request without a version (HTTP/0.9) is not accepted here.", "RFC 9112 §3");
inline constexpr auto bad_status_line =
    make(400, "bad-status-line", "The status line is not: version, one space, three digits, one space, reason.", "RFC 9112 §4");

// --- field lines -------------------------------------------------------------------------------------------------------------
inline constexpr auto leading_white_space =
    make(400, "leading-white-space", "White space stands before the first field.", "RFC 9112 §2.2");
inline constexpr auto obs_fold =
    make(400, "obs-fold", "A field goes on in the next line, which is no longer allowed.", "RFC 9112 §5.2");
inline constexpr auto missing_colon = make(400, "missing-colon", "A field line has no colon.", "RFC 9112 §5");
inline constexpr auto space_before_colon =
    make(400, "space-before-colon", "White space stands between a field's name and its colon.", "RFC 9112 §5.1");
inline constexpr auto bad_field_name = make(400, "bad-field-name", "A field's name is not a token.", "RFC 9110 §5.1");

// --- Host, framing, connection -----------------------------------------------------------------------------------------------
inline constexpr auto missing_host = make(400, "missing-host", "A request of HTTP/1.1 must have a Host field.", "RFC 9112 §3.2");
inline constexpr auto duplicate_host = make(400, "duplicate-host", "There is more than one Host field.", "RFC 9112 §3.2");
inline constexpr auto bad_host = make(400, "bad-host", "The Host field is empty or not valid.", "RFC 9112 §3.2");
inline constexpr auto bad_content_length =
    make(400, "bad-content-length", "Content-Length is not one decimal number.", "RFC 9112 §6.3");
inline constexpr auto duplicate_content_length =
    make(400, "duplicate-content-length", "There is more than one Content-Length.", "RFC 9112 §6.3");
inline constexpr auto length_and_coding =
    make(400, "length-and-transfer-encoding", "Content-Length and Transfer-Encoding must not stand together.", "RFC 9112 §6.1");
inline constexpr auto coding_in_1_0 = make(400, "transfer-encoding-in-1.0", "HTTP/1.0 has no Transfer-Encoding.", "RFC 9112 §6.1");
inline constexpr auto bad_transfer_encoding =
    make(400, "bad-transfer-encoding", "Transfer-Encoding does not end with one chunked.", "RFC 9112 §6.3");
inline constexpr auto unknown_transfer_coding =
    make(501, "unknown-transfer-coding", "The only transfer coding that is understood here is chunked.", "RFC 9112 §6.1");
inline constexpr auto bad_connection_field =
    make(400, "bad-connection-field", "The Connection field is not a list of tokens.", "RFC 9110 §7.6.1");
inline constexpr auto content_in_connect = make(400, "content-in-connect", "A CONNECT request has no content.", "RFC 9110 §9.3.6");
inline constexpr auto unknown_expectation =
    make(417, "unknown-expectation", "The only expectation that is understood here is 100-continue.", "RFC 9110 §10.1.1");

// --- chunked -----------------------------------------------------------------------------------------------------------------
inline constexpr auto bad_chunk_size =
    make(400, "bad-chunk-size", "A chunk's size is not a hexadecimal number alone.", "RFC 9112 §7.1");
inline constexpr auto chunk_size_overflow =
    make(400, "chunk-size-overflow", "A chunk's size does not fit 64 bits.", "RFC 9112 §7.1");
inline constexpr auto bad_chunk_extension =
    make(400, "bad-chunk-extension", "A chunk's extension is not of the form ;name=value.", "RFC 9112 §7.1.1");
inline constexpr auto chunk_line_too_long =
    make(400, "chunk-line-too-long", "A chunk's size line is longer than accepted.", "RFC 9112 §7.1.1", "chunk_line");
inline constexpr auto chunk_extensions_too_long =
    make(400, "chunk-extensions-too-long", "The chunk extensions of this message are longer than accepted.", "RFC 9112 §7.1.1",
         "chunk_extensions");
inline constexpr auto missing_chunk_end =
    make(400, "missing-chunk-end", "A chunk's data is not followed by CR LF.", "RFC 9112 §7.1");
inline constexpr auto trailers_too_large =
    make(431, "trailers-too-large", "The trailer fields are larger than accepted.", "RFC 6585 §5", "trailers");
inline constexpr auto too_many_trailers =
    make(431, "too-many-trailers", "There are more trailer fields than accepted.", "RFC 6585 §5", "trailer_count");
inline constexpr auto forbidden_trailer =
    make(400, "forbidden-trailer", "A trailer field concerns framing or routing.", "RFC 9110 §6.5.1");

// --- a message that does not come, or is not read ------------------------------------------------------------------------------
inline constexpr auto incomplete_head =
    make(400, "incomplete-head", "The connection ended within the head of a message.", "RFC 9112 §8");
inline constexpr auto incomplete_content =
    make(400, "incomplete-content", "The connection ended within the content of a message.", "RFC 9112 §8");
inline constexpr auto head_timeout =
    make(408, "head-timeout", "The head of a message did not arrive in time.", "RFC 9110 §15.5.9", "head_time");
inline constexpr auto content_timeout =
    make(408, "content-timeout", "No content arrived for too long.", "RFC 9110 §15.5.9", "stall_time");
inline constexpr auto content_too_slow =
    make(408, "content-too-slow", "The content arrived more slowly than this server accepts.", "RFC 9110 §15.5.9", "receive_rate");
inline constexpr auto send_timeout =
    make(0, "send-timeout", "The peer took nothing of what was sent for too long.", "RFC 9112 §9.5", "stall_time");
inline constexpr auto send_too_slow =
    make(0, "send-too-slow", "The peer takes what is sent more slowly than this server accepts.", "RFC 9112 §9.5", "send_rate");
inline constexpr auto drain_timeout =
    make(0, "drain-timeout", "Content that nobody reads took longer than is worth waiting for.", "RFC 9112 §9.3", "discard_time");
inline constexpr auto drain_exceeded =
    make(0, "drain-exceeded", "Content that nobody reads is longer than is worth receiving.", "RFC 9112 §9.3", "drain");

// --- responses ---------------------------------------------------------------------------------------------------------------
inline constexpr auto too_many_informational =
    make(502, "too-many-informational", "Too many interim responses precede the final one.", "RFC 9110 §15.2", "informational");
inline constexpr auto unsolicited_response =
    make(502, "unsolicited-response", "The server sent something that no request asked for.", "RFC 9112 §9.2");
inline constexpr auto unexpected_upgrade =
    make(502, "unexpected-upgrade", "The server switched protocols although no request asked for it.", "RFC 9110 §15.2.2");
inline constexpr auto closed_before_response =
    make(502, "closed-before-response", "The server closed the connection before it answered.", "RFC 9112 §9.3.1");
inline constexpr auto not_answered =
    make(502, "not-answered", "The server said that an earlier response was its last.", "RFC 9112 §9.6");

// --- all of them -------------------------------------------------------------------------------
inline constexpr const protocol_error* all[] = {
    &bare_lf,
    &bare_cr,
    &control_character,
    &too_many_empty_lines,
    &start_line_too_long,
    &field_line_too_long,
    &head_too_large,
    &too_many_fields,
    &bad_request_line,
    &bad_method,
    &unknown_long_method,
    &bad_target,
    &bad_version,
    &version_not_supported,
    &http09_refused,
    &bad_status_line,
    &leading_white_space,
    &obs_fold,
    &missing_colon,
    &space_before_colon,
    &bad_field_name,
    &missing_host,
    &duplicate_host,
    &bad_host,
    &bad_content_length,
    &duplicate_content_length,
    &length_and_coding,
    &coding_in_1_0,
    &bad_transfer_encoding,
    &unknown_transfer_coding,
    &bad_connection_field,
    &content_in_connect,
    &unknown_expectation,
    &bad_chunk_size,
    &chunk_size_overflow,
    &bad_chunk_extension,
    &chunk_line_too_long,
    &chunk_extensions_too_long,
    &missing_chunk_end,
    &trailers_too_large,
    &too_many_trailers,
    &forbidden_trailer,
    &incomplete_head,
    &incomplete_content,
    &head_timeout,
    &content_timeout,
    &content_too_slow,
    &send_timeout,
    &send_too_slow,
    &drain_timeout,
    &drain_exceeded,
    &too_many_informational,
    &unsolicited_response,
    &unexpected_upgrade,
    &closed_before_response,
    &not_answered,
};

}  // namespace parley::h1::violation
