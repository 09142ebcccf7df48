// Everything a peer can do wrong in HTTP/3, each with its scope, its error code, a sentence and the rule.
#pragma once

#include "engine/multiplexed_violation.hpp"
#include "h3/frame.hpp"

namespace parley::h3::violation {

using engine::all_lost;
using engine::one_lost;
using enum error_code;

// --- streams -----------------------------------------------------------------------------------------------------------------
inline constexpr auto server_request_stream =
    all_lost(stream_creation_error, "server-request-stream", "The server opened a stream in both directions.", "RFC 9114 §6.1");
inline constexpr auto second_control_stream =
    all_lost(stream_creation_error, "second-control-stream", "The peer opened a second control stream.", "RFC 9114 §6.2.1");
inline constexpr auto second_qpack_stream =
    all_lost(stream_creation_error, "second-qpack-stream", "The peer opened a second encoder or decoder stream.", "RFC 9204 §4.2");
inline constexpr auto push_stream_from_client =
    all_lost(stream_creation_error, "push-stream-from-client", "A client opened a push stream.", "RFC 9114 §6.2.2");
inline constexpr auto critical_stream_closed =
    all_lost(closed_critical_stream, "critical-stream-closed",
             "The control stream, or one of QPACK's, was closed before the connection.", "RFC 9114 §6.2.1");
inline constexpr auto too_many_streams =
    one_lost(request_rejected, "too-many-streams", "There are more streams at once than were allowed.", "RFC 9114 §6.1", "streams");
inline constexpr auto stream_reset =
    one_lost(request_cancelled, "stream-reset", "The peer has reset the stream.", "RFC 9114 §4.1.1");
inline constexpr auto stream_refused =
    one_lost(request_rejected, "stream-refused", "The peer has refused the stream and did nothing with it.", "RFC 9114 §4.1.1");
inline constexpr auto not_processed =
    one_lost(request_rejected, "not-processed", "The peer went away before it took up this stream.", "RFC 9114 §5.2");
inline constexpr auto closed_before_end =
    all_lost(no_error, "closed-before-end", "The connection ended before the stream did.", "RFC 9114 §5.4");

// --- frames ------------------------------------------------------------------------------------------------------------------
inline constexpr auto frame_unexpected_here =
    all_lost(frame_unexpected, "frame-unexpected", "A frame came where the rules of its stream do not have it.", "RFC 9114 §7");
inline constexpr auto no_settings_first =
    all_lost(missing_settings, "no-settings-first", "The control stream does not begin with SETTINGS.", "RFC 9114 §6.2.1");
inline constexpr auto http2_frame =
    all_lost(frame_unexpected, "http2-frame", "A frame came that HTTP/2 has and HTTP/3 has not.", "RFC 9114 §7.2.8");
inline constexpr auto frame_truncated = all_lost(frame_error, "frame-truncated", "A stream ended within a frame.", "RFC 9114 §7.1");
inline constexpr auto bad_frame_content =
    all_lost(frame_error, "bad-frame-content", "A frame is longer or shorter than what it must hold.", "RFC 9114 §7.1");
inline constexpr auto control_frame_too_large =
    all_lost(excessive_load, "control-frame-too-large", "A frame of the control stream is larger than is taken here.",
             "RFC 9114 §10.5", "control_frame");

// --- settings ----------------------------------------------------------------------------------------------------------------
inline constexpr auto settings_not_received = all_lost(
    missing_settings, "settings-not-received", "The peer's SETTINGS did not come in time.", "RFC 9114 §6.2.1", "settings_time");
inline constexpr auto bad_settings_frame =
    all_lost(frame_error, "bad-settings-frame", "SETTINGS end within a setting.", "RFC 9114 §7.2.4");
inline constexpr auto duplicate_setting =
    all_lost(settings_error, "duplicate-setting", "A setting stands there twice.", "RFC 9114 §7.2.4");
inline constexpr auto http2_setting =
    all_lost(settings_error, "http2-setting", "A setting came that HTTP/2 has and HTTP/3 has not.", "RFC 9114 §7.2.4.1");
inline constexpr auto bad_connect_setting =
    all_lost(settings_error, "bad-connect-setting", "SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1.", "RFC 9220 §3");
inline constexpr auto bad_datagram_setting =
    all_lost(settings_error, "bad-datagram-setting", "SETTINGS_H3_DATAGRAM is neither 0 nor 1.", "RFC 9297 §2.1.1");
inline constexpr auto settings_below_remembered =
    all_lost(settings_error, "settings-below-remembered",
             "The server took early data and allows less than its settings did before.", "RFC 9114 §7.2.4.2");
inline constexpr auto table_capacity_changed =
    all_lost(qpack_decoder_stream_error, "table-capacity-changed",
             "The server took early data and has another table than its settings said before.", "RFC 9204 §3.2.3");

// --- messages ----------------------------------------------------------------------------------------------------------------
inline constexpr auto bad_request_end =
    one_lost(request_incomplete, "request-incomplete", "The request's stream ended before its head.", "RFC 9114 §4.1");
inline constexpr auto bad_response_end =
    one_lost(message_error, "response-incomplete", "The response's stream ended before its head.", "RFC 9114 §4.1");
inline constexpr auto length_mismatch =
    one_lost(message_error, "content-length-mismatch", "The content is not as long as Content-Length says.", "RFC 9114 §4.1.2");
inline constexpr auto content_not_allowed =
    one_lost(message_error, "content-not-allowed", "There is content in a message that cannot have any.", "RFC 9114 §4.1.2");
inline constexpr auto too_many_informational =
    one_lost(excessive_load, "too-many-informational", "Too many interim responses precede the final one.", "RFC 9110 §15.2",
             "informational");

// --- GOAWAY, push, priorities ------------------------------------------------------------------------------------------------
inline constexpr auto bad_goaway_id =
    all_lost(id_error, "bad-goaway-id", "GOAWAY names something else than a request's stream.", "RFC 9114 §7.2.6");
inline constexpr auto goaway_rises =
    all_lost(id_error, "goaway-rises", "A GOAWAY takes back what an earlier one said was not taken up.", "RFC 9114 §5.2");
inline constexpr auto push_id_too_high =
    all_lost(id_error, "push-id-too-high", "A push id is above what MAX_PUSH_ID allows.", "RFC 9114 §4.6");
inline constexpr auto push_id_used_twice =
    all_lost(id_error, "push-id-used-twice", "Two push streams have the same push id.", "RFC 9114 §4.6");
inline constexpr auto push_id_not_promised =
    all_lost(id_error, "push-id-not-promised", "A frame names a push id that nobody has promised.", "RFC 9114 §7.2.3");
inline constexpr auto max_push_id_falls =
    all_lost(id_error, "max-push-id-falls", "A MAX_PUSH_ID is below an earlier one.", "RFC 9114 §7.2.7");
inline constexpr auto promise_differs =
    all_lost(general_protocol_error, "promise-differs", "A push id was promised again with another request.", "RFC 9114 §7.2.5");
inline constexpr auto bad_promise =
    one_lost(message_error, "bad-promise", "A promised request is not safe, not cacheable, or has content.", "RFC 9114 §4.6");
inline constexpr auto push_without_promise = one_lost(request_cancelled, "push-without-promise",
                                                      "A push stream came whose promise did not.", "RFC 9114 §4.6", "blocked_time");
inline constexpr auto push_cancelled =
    one_lost(request_cancelled, "push-cancelled", "The server took its promise back (CANCEL_PUSH).", "RFC 9114 §7.2.3");
inline constexpr auto bad_priority_element =
    all_lost(id_error, "bad-priority-element", "PRIORITY_UPDATE names something that it cannot concern.", "RFC 9218 §7.2");

// --- datagrams ---------------------------------------------------------------------------------------------------------------
inline constexpr auto bad_datagram =
    all_lost(datagram_error, "bad-datagram", "A datagram does not begin with a quarter of a stream's id.", "RFC 9297 §2.1");
inline constexpr auto datagram_not_wanted =
    one_lost(datagram_error, "datagram-not-wanted", "A datagram came for an exchange that has no use for it.", "RFC 9297 §2");

// --- defence -------------------------------------------------------------------------------------------------------------------
inline constexpr auto too_many_resets =
    all_lost(excessive_load, "too-many-resets", "Too many exchanges were cancelled, or broke rules.", "RFC 9114 §10.5", "resets");
inline constexpr auto too_many_glitches =
    all_lost(excessive_load, "too-many-glitches", "Too many frames came that bring nothing forward.", "RFC 9114 §10.5", "glitches");
inline constexpr auto head_timeout =
    one_lost(request_incomplete, "head-timeout", "A head did not arrive in time.", "RFC 9114 §10.5", "head_time");
inline constexpr auto blocked_too_long =
    one_lost(excessive_load, "blocked-too-long", "A head waited too long for entries of the compression table.", "RFC 9204 §7.3",
             "blocked_time");
inline constexpr auto content_timeout =
    one_lost(request_cancelled, "content-timeout", "No content arrived for too long.", "RFC 9110 §15.5.9", "stall_time", 408);
inline constexpr auto content_too_slow =
    one_lost(request_cancelled, "content-too-slow", "The content arrived more slowly than this server accepts.", "RFC 9110 §15.5.9",
             "receive_rate", 408);
inline constexpr auto window_timeout = one_lost(
    request_cancelled, "window-timeout", "The peer gave no room for what waits to be sent to it.", "RFC 9114 §10.5", "stall_time");
inline constexpr auto send_timeout = all_lost(
    excessive_load, "send-timeout", "The peer took nothing of what was sent for too long.", "RFC 9114 §10.5", "stall_time");
inline constexpr auto send_too_slow =
    all_lost(excessive_load, "send-too-slow", "The peer takes what is sent more slowly than this server accepts.", "RFC 9114 §10.5",
             "send_rate");

// --- all of them ---------------------------------------------------------------------------------------------------------------
inline constexpr const engine::protocol_error* all[] = {
    &server_request_stream,
    &second_control_stream,
    &second_qpack_stream,
    &push_stream_from_client,
    &critical_stream_closed,
    &too_many_streams,
    &stream_reset,
    &stream_refused,
    &not_processed,
    &closed_before_end,
    &frame_unexpected_here,
    &no_settings_first,
    &http2_frame,
    &frame_truncated,
    &bad_frame_content,
    &control_frame_too_large,
    &settings_not_received,
    &bad_settings_frame,
    &duplicate_setting,
    &http2_setting,
    &bad_connect_setting,
    &bad_datagram_setting,
    &settings_below_remembered,
    &table_capacity_changed,
    &bad_request_end,
    &bad_response_end,
    &length_mismatch,
    &content_not_allowed,
    &too_many_informational,
    &bad_goaway_id,
    &goaway_rises,
    &push_id_too_high,
    &push_id_used_twice,
    &push_id_not_promised,
    &max_push_id_falls,
    &promise_differs,
    &bad_promise,
    &push_without_promise,
    &push_cancelled,
    &bad_priority_element,
    &bad_datagram,
    &datagram_not_wanted,
    &too_many_resets,
    &too_many_glitches,
    &head_timeout,
    &blocked_too_long,
    &content_timeout,
    &content_too_slow,
    &window_timeout,
    &send_timeout,
    &send_too_slow,
};

}  // namespace parley::h3::violation
