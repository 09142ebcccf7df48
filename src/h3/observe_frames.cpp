#include <algorithm>
#include <string>

#include "h3/connection.hpp"

// Frames in words, for those who look on. Nothing here runs otherwise.

namespace parley::h3 {

namespace {

std::string hex_text(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[value & 0xf]);
    value >>= 4;
  } while (value != 0);
  return "0x" + text;
}

std::string settings_text(std::string_view payload) {
  std::string text;
  std::uint64_t id = 0;
  std::uint64_t value = 0;
  while (read_varint(payload, id) && read_varint(payload, value)) {
    if (!text.empty()) text += ' ';
    const std::string_view known = name(static_cast<setting>(id));
    text += known.empty() ? hex_text(id) : std::string(known);
    text += '=' + std::to_string(value);
  }
  return text;
}

std::string about_payload(frame_type type, std::string_view payload) {
  if (type == frame_type::settings) return settings_text(payload);
  std::uint64_t id = 0;
  switch (type) {
    case frame_type::cancel_push:
    case frame_type::max_push_id:
    case frame_type::push_promise: return read_varint(payload, id) ? "push=" + std::to_string(id) : std::string();
    case frame_type::goaway: return read_varint(payload, id) ? "id=" + std::to_string(id) : std::string();
    case frame_type::priority_update:
    case frame_type::priority_update_push: {
      if (!read_varint(payload, id)) return {};
      std::string text = (type == frame_type::priority_update ? "stream=" : "push=") + std::to_string(id) + ' ';
      // A value may hold what a terminal must not see; a priority has visible ASCII only.
      for (const char c : payload.substr(0, 64)) text += c >= ' ' && c <= '~' ? c : '.';
      return text;
    }
    default: return {};
  }
}

}  // namespace

void connection::see_frame(engine::direction way, stream_id on, frame_type type, std::uint64_t size, std::string_view payload) {
  const std::string_view known = name(type);
  const std::string text = known.empty() ? hex_text(static_cast<std::uint64_t>(type)) : std::string(known);
  const std::string about = about_payload(type, payload);
  watch_(now_, on, engine::observed_frame{way, text, 0, size, about, true});
}

}  // namespace parley::h3
