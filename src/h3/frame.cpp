#include "h3/frame.hpp"

namespace parley::h3 {

std::string_view name(frame_type type) {
  switch (type) {
    case frame_type::data: return "DATA";
    case frame_type::headers: return "HEADERS";
    case frame_type::cancel_push: return "CANCEL_PUSH";
    case frame_type::settings: return "SETTINGS";
    case frame_type::push_promise: return "PUSH_PROMISE";
    case frame_type::goaway: return "GOAWAY";
    case frame_type::max_push_id: return "MAX_PUSH_ID";
    case frame_type::priority_update:
    case frame_type::priority_update_push: return "PRIORITY_UPDATE";
  }
  return {};
}

std::string_view name(error_code code) {
  switch (code) {
    case error_code::datagram_error: return "H3_DATAGRAM_ERROR";
    case error_code::no_error: return "H3_NO_ERROR";
    case error_code::general_protocol_error: return "H3_GENERAL_PROTOCOL_ERROR";
    case error_code::internal_error: return "H3_INTERNAL_ERROR";
    case error_code::stream_creation_error: return "H3_STREAM_CREATION_ERROR";
    case error_code::closed_critical_stream: return "H3_CLOSED_CRITICAL_STREAM";
    case error_code::frame_unexpected: return "H3_FRAME_UNEXPECTED";
    case error_code::frame_error: return "H3_FRAME_ERROR";
    case error_code::excessive_load: return "H3_EXCESSIVE_LOAD";
    case error_code::id_error: return "H3_ID_ERROR";
    case error_code::settings_error: return "H3_SETTINGS_ERROR";
    case error_code::missing_settings: return "H3_MISSING_SETTINGS";
    case error_code::request_rejected: return "H3_REQUEST_REJECTED";
    case error_code::request_cancelled: return "H3_REQUEST_CANCELLED";
    case error_code::request_incomplete: return "H3_REQUEST_INCOMPLETE";
    case error_code::message_error: return "H3_MESSAGE_ERROR";
    case error_code::connect_error: return "H3_CONNECT_ERROR";
    case error_code::version_fallback: return "H3_VERSION_FALLBACK";
    case error_code::qpack_decompression_failed: return "QPACK_DECOMPRESSION_FAILED";
    case error_code::qpack_encoder_stream_error: return "QPACK_ENCODER_STREAM_ERROR";
    case error_code::qpack_decoder_stream_error: return "QPACK_DECODER_STREAM_ERROR";
  }
  return "unknown";
}

std::string_view reset_sentence(std::uint64_t code) {
  switch (static_cast<error_code>(code)) {
    case error_code::internal_error: return "The peer has reset the stream for a fault of its own (H3_INTERNAL_ERROR).";
    case error_code::excessive_load: return "The peer has reset the stream: it asks for too much (H3_EXCESSIVE_LOAD).";
    case error_code::request_rejected: return "The peer has refused the request and did nothing with it (H3_REQUEST_REJECTED).";
    case error_code::request_cancelled: return "The peer has cancelled the exchange (H3_REQUEST_CANCELLED).";
    case error_code::request_incomplete: return "The peer did not get the whole request (H3_REQUEST_INCOMPLETE).";
    case error_code::message_error: return "The peer has reset the stream: it calls our message malformed (H3_MESSAGE_ERROR).";
    case error_code::connect_error: return "The connection behind the tunnel was lost (H3_CONNECT_ERROR).";
    case error_code::version_fallback: return "The peer asks for this exchange over HTTP/1.1 (H3_VERSION_FALLBACK).";
    default: return "The peer has reset the stream.";
  }
}

}  // namespace parley::h3
