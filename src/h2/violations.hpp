// Everything a peer can do wrong in HTTP/2, each with its scope, its error code, a sentence and the rule.
#pragma once

#include "engine/multiplexed_violation.hpp"
#include "h2/frame.hpp"

namespace parley::h2::violation {

using engine::all_lost;
using engine::one_lost;
using enum error_code;

// --- starting ----------------------------------------------------------------------------------------------------------------
inline constexpr auto bad_preface =
    all_lost(protocol_error, "bad-preface", "The client did not begin with the connection preface of HTTP/2.", "RFC 9113 §3.4");
inline constexpr auto no_settings_first =
    all_lost(protocol_error, "no-settings-first", "The first frame is not SETTINGS.", "RFC 9113 §3.4");
inline constexpr auto bad_upgrade_settings =
    all_lost(protocol_error, "bad-upgrade-settings", "HTTP2-Settings is not the payload of a SETTINGS frame.", "RFC 7540 §3.2.1");

// --- frames ------------------------------------------------------------------------------------------------------------------
inline constexpr auto frame_too_large = all_lost(
    frame_size_error, "frame-too-large", "A frame is larger than the largest that is taken here.", "RFC 9113 §4.2", "frame");
inline constexpr auto data_too_large =
    one_lost(frame_size_error, "data-frame-too-large", "A DATA frame is larger than the largest frame that is taken here.",
             "RFC 9113 §4.2", "frame");
inline constexpr auto bad_frame_size =
    all_lost(frame_size_error, "bad-frame-size", "A frame does not have the size that its type needs.", "RFC 9113 §4.2");
inline constexpr auto bad_priority_size =
    one_lost(frame_size_error, "bad-priority-size", "A PRIORITY frame does not have 5 bytes.", "RFC 9113 §6.3");
inline constexpr auto self_dependency =
    all_lost(protocol_error, "self-dependency", "The priority of a stream says that it depends on itself.", "RFC 7540 §5.3.1");
inline constexpr auto stream_needed =
    all_lost(protocol_error, "stream-needed", "A frame that belongs to a stream came on stream 0.", "RFC 9113 §6");
inline constexpr auto stream_not_allowed =
    all_lost(protocol_error, "stream-not-allowed", "A frame that concerns the connection came on a stream.", "RFC 9113 §6");
inline constexpr auto bad_padding =
    all_lost(protocol_error, "bad-padding", "A frame's padding is longer than its payload.", "RFC 9113 §6.1");
inline constexpr auto block_interrupted =
    all_lost(protocol_error, "field-block-interrupted", "Another frame came where only CONTINUATION may follow.", "RFC 9113 §4.3");
inline constexpr auto unexpected_continuation = all_lost(
    protocol_error, "unexpected-continuation", "CONTINUATION does not follow a field block that goes on.", "RFC 9113 §6.10");
inline constexpr auto too_many_continuations =
    all_lost(enhance_your_calm, "too-many-continuations", "A field block came in more CONTINUATION frames than are taken here.",
             "RFC 9113 §10.5.1", "continuations");
inline constexpr auto block_too_large =
    all_lost(enhance_your_calm, "field-block-too-large", "A field block is larger than is taken here, compressed already.",
             "RFC 9113 §10.5.1", "head");
inline constexpr auto bad_field_block =
    all_lost(compression_error, "bad-field-block", "A field block could not be decompressed.", "RFC 9113 §4.3");

// --- streams -----------------------------------------------------------------------------------------------------------------
inline constexpr auto idle_stream =
    all_lost(protocol_error, "idle-stream", "A frame came on a stream that nobody has opened.", "RFC 9113 §5.1");
inline constexpr auto wrong_stream =
    all_lost(protocol_error, "wrong-stream", "A stream was opened with an id that is not the peer's to use.", "RFC 9113 §5.1.1");
inline constexpr auto stream_id_not_higher = all_lost(
    protocol_error, "stream-id-not-higher", "A stream was opened with an id below one that was used before.", "RFC 9113 §5.1.1");
inline constexpr auto reserved_stream =
    all_lost(protocol_error, "reserved-stream", "A frame came on a promised stream that it is not allowed on.", "RFC 9113 §5.1");
inline constexpr auto after_end_of_stream =
    one_lost(stream_closed, "after-end-of-stream", "A frame came on a stream that the peer had ended.", "RFC 9113 §5.1");
inline constexpr auto after_closed =
    all_lost(stream_closed, "after-closed", "A frame came on a stream that had ended in both directions.", "RFC 9113 §5.1");
inline constexpr auto after_reset =
    one_lost(stream_closed, "after-reset", "A frame came on a stream that the peer had reset.", "RFC 9113 §5.1");
inline constexpr auto too_many_streams =
    one_lost(refused_stream, "too-many-streams", "There are more streams at once than were allowed.", "RFC 9113 §5.1.2", "streams");
inline constexpr auto stream_reset = one_lost(cancel, "stream-reset", "The peer has reset the stream.", "RFC 9113 §6.4");
inline constexpr auto stream_refused =
    one_lost(refused_stream, "stream-refused", "The peer has refused the stream and did nothing with it.", "RFC 9113 §8.7");
inline constexpr auto not_processed =
    one_lost(refused_stream, "not-processed", "The peer went away before it took up this stream.", "RFC 9113 §6.8");
inline constexpr auto closed_before_end =
    all_lost(no_error, "closed-before-end", "The connection ended before the stream did.", "RFC 9113 §5.4.3");
inline constexpr auto ended_by_peer =
    all_lost(no_error, "ended-by-peer", "The peer has ended the connection for a fault that it saw.", "RFC 9113 §6.8");

// --- flow control --------------------------------------------------------------------------------------------------------------
inline constexpr auto connection_window_exceeded = all_lost(
    flow_control_error, "connection-window-exceeded", "More content came than the connection's window allows.", "RFC 9113 §6.9.1");
inline constexpr auto stream_window_exceeded =
    one_lost(flow_control_error, "stream-window-exceeded", "More content came than the stream's window allows.", "RFC 9113 §6.9.1");
inline constexpr auto connection_window_overflow = all_lost(flow_control_error, "connection-window-overflow",
                                                            "The connection's window was opened beyond 2^31-1.", "RFC 9113 §6.9.1");
inline constexpr auto stream_window_overflow =
    one_lost(flow_control_error, "stream-window-overflow", "A stream's window was opened beyond 2^31-1.", "RFC 9113 §6.9.1");
inline constexpr auto zero_increment =
    one_lost(protocol_error, "zero-increment", "A WINDOW_UPDATE for a stream opens nothing.", "RFC 9113 §6.9");
inline constexpr auto zero_connection_increment =
    all_lost(protocol_error, "zero-connection-increment", "A WINDOW_UPDATE for the connection opens nothing.", "RFC 9113 §6.9");

// --- settings ------------------------------------------------------------------------------------------------------------------
inline constexpr auto bad_setting =
    all_lost(protocol_error, "bad-setting", "A setting has a value that it cannot have.", "RFC 9113 §6.5.2");
inline constexpr auto window_setting_too_large =
    all_lost(flow_control_error, "window-setting-too-large", "SETTINGS_INITIAL_WINDOW_SIZE is above 2^31-1.", "RFC 9113 §6.5.2");
inline constexpr auto window_setting_overflow =
    all_lost(flow_control_error, "window-setting-overflow", "SETTINGS_INITIAL_WINDOW_SIZE opens a stream's window beyond 2^31-1.",
             "RFC 9113 §6.9.2");
inline constexpr auto settings_ack_with_payload =
    all_lost(frame_size_error, "settings-ack-with-payload", "An acknowledgement of SETTINGS has a payload.", "RFC 9113 §6.5");
inline constexpr auto unexpected_settings_ack =
    all_lost(protocol_error, "unexpected-settings-ack", "SETTINGS were acknowledged that nobody sent.", "RFC 9113 §6.5");
inline constexpr auto settings_not_acknowledged =
    all_lost(settings_timeout, "settings-not-acknowledged", "Our SETTINGS were not acknowledged in time.", "RFC 9113 §6.5.3",
             "settings_time");

// --- messages ------------------------------------------------------------------------------------------------------------------
inline constexpr auto trailers_without_end =
    one_lost(protocol_error, "trailers-without-end", "Trailers do not end their stream.", "RFC 9113 §8.1");
inline constexpr auto data_before_head =
    one_lost(protocol_error, "data-before-head", "Content came before the final head of its message.", "RFC 9113 §8.1");
inline constexpr auto length_mismatch =
    one_lost(protocol_error, "content-length-mismatch", "The content is not as long as Content-Length says.", "RFC 9113 §8.1.1");
inline constexpr auto content_not_allowed =
    one_lost(protocol_error, "content-not-allowed", "There is content in a message that cannot have any.", "RFC 9113 §8.1.1");
inline constexpr auto interim_with_end =
    one_lost(protocol_error, "interim-with-end", "An interim response ends its stream.", "RFC 9113 §8.1");
inline constexpr auto too_many_informational =
    one_lost(enhance_your_calm, "too-many-informational", "Too many interim responses precede the final one.", "RFC 9110 §15.2",
             "informational");
inline constexpr auto frame_in_tunnel =
    one_lost(protocol_error, "frame-in-tunnel", "Fields came within a tunnel, which carries DATA alone.", "RFC 9113 §8.5");

// --- push, priorities ------------------------------------------------------------------------------------------------------------
inline constexpr auto push_disabled =
    all_lost(protocol_error, "push-disabled", "PUSH_PROMISE came although pushes are not taken here.", "RFC 9113 §8.4");
inline constexpr auto push_from_client =
    all_lost(protocol_error, "push-from-client", "A client sent PUSH_PROMISE.", "RFC 9113 §8.4");
inline constexpr auto bad_promised_stream =
    all_lost(protocol_error, "bad-promised-stream", "A stream was promised whose id is not new.", "RFC 9113 §6.6");
inline constexpr auto bad_promise_parent =
    all_lost(protocol_error, "bad-promise-parent", "PUSH_PROMISE came on a stream that is not open for it.", "RFC 9113 §6.6");
inline constexpr auto bad_promise =
    one_lost(protocol_error, "bad-promise", "A promised request is not safe, or has content.", "RFC 9113 §8.4.1");
inline constexpr auto too_many_pushes = one_lost(
    refused_stream, "too-many-pushes", "More responses are promised at once than are taken here.", "RFC 9113 §8.4", "pushes");
inline constexpr auto bad_priority_update =
    all_lost(protocol_error, "bad-priority-update", "PRIORITY_UPDATE names no stream that it could concern.", "RFC 9218 §7.1");
inline constexpr auto goaway_rises =
    all_lost(protocol_error, "goaway-rises", "A GOAWAY takes back what an earlier one said was not taken up.", "RFC 9113 §6.8");

// --- defence -------------------------------------------------------------------------------------------------------------------
inline constexpr auto too_many_resets = all_lost(enhance_your_calm, "too-many-resets",
                                                 "Too many exchanges were cancelled, or broke rules.", "RFC 9113 §10.5", "resets");
inline constexpr auto too_many_glitches = all_lost(
    enhance_your_calm, "too-many-glitches", "Too many frames came that bring nothing forward.", "RFC 9113 §10.5", "glitches");
inline constexpr auto too_much_control =
    all_lost(enhance_your_calm, "too-much-control", "The peer causes frames in answer and does not read them.", "RFC 9113 §10.5");
inline constexpr auto head_timeout =
    all_lost(enhance_your_calm, "head-timeout", "A head, or another frame, did not arrive in time.", "RFC 9113 §10.5", "head_time");
inline constexpr auto content_timeout =
    one_lost(cancel, "content-timeout", "No content arrived for too long.", "RFC 9110 §15.5.9", "stall_time", 408);
inline constexpr auto content_too_slow =
    one_lost(cancel, "content-too-slow", "The content arrived more slowly than this server accepts.", "RFC 9110 §15.5.9",
             "receive_rate", 408);
inline constexpr auto window_timeout =
    one_lost(cancel, "window-timeout", "The peer gave no room for what waits to be sent to it.", "RFC 9113 §10.5", "stall_time");
inline constexpr auto send_timeout = all_lost(
    enhance_your_calm, "send-timeout", "The peer took nothing of what was sent for too long.", "RFC 9113 §10.5", "stall_time");
inline constexpr auto send_too_slow =
    all_lost(enhance_your_calm, "send-too-slow", "The peer takes what is sent more slowly than this server accepts.",
             "RFC 9113 §10.5", "send_rate");

// --- all of them ---------------------------------------------------------------------------------------------------------------
inline constexpr const engine::protocol_error* all[] = {
    &bad_preface,
    &no_settings_first,
    &bad_upgrade_settings,
    &frame_too_large,
    &data_too_large,
    &bad_frame_size,
    &bad_priority_size,
    &self_dependency,
    &stream_needed,
    &stream_not_allowed,
    &bad_padding,
    &block_interrupted,
    &unexpected_continuation,
    &too_many_continuations,
    &block_too_large,
    &bad_field_block,
    &idle_stream,
    &wrong_stream,
    &stream_id_not_higher,
    &reserved_stream,
    &after_end_of_stream,
    &after_closed,
    &after_reset,
    &too_many_streams,
    &stream_reset,
    &stream_refused,
    &not_processed,
    &closed_before_end,
    &ended_by_peer,
    &connection_window_exceeded,
    &stream_window_exceeded,
    &connection_window_overflow,
    &stream_window_overflow,
    &zero_increment,
    &zero_connection_increment,
    &bad_setting,
    &window_setting_too_large,
    &window_setting_overflow,
    &settings_ack_with_payload,
    &unexpected_settings_ack,
    &settings_not_acknowledged,
    &trailers_without_end,
    &data_before_head,
    &length_mismatch,
    &content_not_allowed,
    &interim_with_end,
    &too_many_informational,
    &frame_in_tunnel,
    &push_disabled,
    &push_from_client,
    &bad_promised_stream,
    &bad_promise_parent,
    &bad_promise,
    &too_many_pushes,
    &bad_priority_update,
    &goaway_rises,
    &too_many_resets,
    &too_many_glitches,
    &too_much_control,
    &head_timeout,
    &content_timeout,
    &content_too_slow,
    &window_timeout,
    &send_timeout,
    &send_too_slow,
};

}  // namespace parley::h2::violation
