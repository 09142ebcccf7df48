#include "h2/frame.hpp"

#include <array>

namespace parley::h2 {

namespace {

constexpr std::array<std::string_view, 10> frame_names{"DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
                                                       "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};

constexpr std::array<std::string_view, 14> error_names{"NO_ERROR",
                                                       "PROTOCOL_ERROR",
                                                       "INTERNAL_ERROR",
                                                       "FLOW_CONTROL_ERROR",
                                                       "SETTINGS_TIMEOUT",
                                                       "STREAM_CLOSED",
                                                       "FRAME_SIZE_ERROR",
                                                       "REFUSED_STREAM",
                                                       "CANCEL",
                                                       "COMPRESSION_ERROR",
                                                       "CONNECT_ERROR",
                                                       "ENHANCE_YOUR_CALM",
                                                       "INADEQUATE_SECURITY",
                                                       "HTTP_1_1_REQUIRED"};

constexpr std::array<std::string_view, 14> reset_sentences{
    "The peer has reset the stream: NO_ERROR.",
    "The peer has reset the stream: PROTOCOL_ERROR.",
    "The peer has reset the stream: INTERNAL_ERROR.",
    "The peer has reset the stream: FLOW_CONTROL_ERROR.",
    "The peer has reset the stream: SETTINGS_TIMEOUT.",
    "The peer has reset the stream: STREAM_CLOSED.",
    "The peer has reset the stream: FRAME_SIZE_ERROR.",
    "The peer has reset the stream: REFUSED_STREAM.",
    "The peer has reset the stream: CANCEL.",
    "The peer has reset the stream: COMPRESSION_ERROR.",
    "The peer has reset the stream: CONNECT_ERROR.",
    "The peer has reset the stream: ENHANCE_YOUR_CALM.",
    "The peer has reset the stream: INADEQUATE_SECURITY.",
    "The peer has reset the stream: HTTP_1_1_REQUIRED.",
};

constexpr std::array<std::string_view, 14> goaway_sentences{
    "The peer has ended the connection: NO_ERROR.",
    "The peer has ended the connection: PROTOCOL_ERROR.",
    "The peer has ended the connection: INTERNAL_ERROR.",
    "The peer has ended the connection: FLOW_CONTROL_ERROR.",
    "The peer has ended the connection: SETTINGS_TIMEOUT.",
    "The peer has ended the connection: STREAM_CLOSED.",
    "The peer has ended the connection: FRAME_SIZE_ERROR.",
    "The peer has ended the connection: REFUSED_STREAM.",
    "The peer has ended the connection: CANCEL.",
    "The peer has ended the connection: COMPRESSION_ERROR.",
    "The peer has ended the connection: CONNECT_ERROR.",
    "The peer has ended the connection: ENHANCE_YOUR_CALM.",
    "The peer has ended the connection: INADEQUATE_SECURITY.",
    "The peer has ended the connection: HTTP_1_1_REQUIRED.",
};

}  // namespace

std::string_view name(frame_type type) {
  if (type == frame_type::priority_update) return "PRIORITY_UPDATE";
  const auto i = static_cast<std::size_t>(type);
  return i < frame_names.size() ? frame_names[i] : std::string_view{};
}

std::string_view name(error_code code) {
  const auto i = static_cast<std::size_t>(code);
  return i < error_names.size() ? error_names[i] : std::string_view("unknown");
}

std::string_view reset_sentence(std::uint32_t code) {
  return code < reset_sentences.size() ? reset_sentences[code]
                                       : "The peer has reset the stream, with a code that is not known here.";
}

std::string_view goaway_sentence(std::uint32_t code) {
  return code < goaway_sentences.size() ? goaway_sentences[code]
                                        : "The peer has ended the connection, with a code that is not known here.";
}

}  // namespace parley::h2
