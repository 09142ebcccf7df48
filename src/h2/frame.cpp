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

}  // namespace parley::h2
