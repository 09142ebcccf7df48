#include "h2/settings.hpp"

#include "h2/violations.hpp"

namespace parley::h2 {

const engine::protocol_error* take(settings& of, std::uint16_t id, std::uint32_t value, engine::role from, bool first) {
  const bool server = from == engine::role::server;
  switch (static_cast<setting>(id)) {
    case setting::header_table_size: of.header_table_size = value; return nullptr;
    case setting::enable_push:
      // RFC 9113 §6.5.2: a server must not say anything but 0.
      if (value > 1 || (server && value != 0)) return &violation::bad_setting;
      of.enable_push = value != 0;
      return nullptr;
    case setting::max_concurrent_streams:
      of.max_concurrent_streams = value;
      of.max_concurrent_said = true;
      return nullptr;
    case setting::initial_window_size:
      if (value > largest_window) return &violation::window_setting_too_large;
      of.initial_window_size = value;
      return nullptr;
    case setting::max_frame_size:
      if (value < default_frame_size || value > largest_frame_size) return &violation::bad_setting;
      of.max_frame_size = value;
      return nullptr;
    case setting::max_header_list_size: of.max_header_list_size = value; return nullptr;
    case setting::enable_connect_protocol:
      // RFC 8441 §3: 0 or 1, and never back to 0.
      if (value > 1 || (value == 0 && of.enable_connect_protocol)) return &violation::bad_setting;
      of.enable_connect_protocol = value != 0;
      return nullptr;
    case setting::no_rfc7540_priorities:
      if (value > 1 || (!first && (value != 0) != of.no_rfc7540_priorities)) return &violation::bad_setting;
      of.no_rfc7540_priorities = value != 0;
      return nullptr;
  }
  return nullptr;
}

std::string_view name(setting id) {
  switch (id) {
    case setting::header_table_size: return "HEADER_TABLE_SIZE";
    case setting::enable_push: return "ENABLE_PUSH";
    case setting::max_concurrent_streams: return "MAX_CONCURRENT_STREAMS";
    case setting::initial_window_size: return "INITIAL_WINDOW_SIZE";
    case setting::max_frame_size: return "MAX_FRAME_SIZE";
    case setting::max_header_list_size: return "MAX_HEADER_LIST_SIZE";
    case setting::enable_connect_protocol: return "ENABLE_CONNECT_PROTOCOL";
    case setting::no_rfc7540_priorities: return "NO_RFC7540_PRIORITIES";
  }
  return {};
}

}  // namespace parley::h2
