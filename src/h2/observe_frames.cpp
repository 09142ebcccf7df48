#include <algorithm>
#include <string>

#include "h2/connection.hpp"

// Frames in words, for those who look on. Nothing here runs otherwise.

namespace parley::h2 {

namespace {

void add_word(std::string& to, std::string_view word) {
  if (!to.empty()) to += ' ';
  to += word;
}

void add_flags(std::string& to, const frame_header& h) {
  const bool ends = h.type == frame_type::data || h.type == frame_type::headers;
  if (ends && h.has(flag::end_stream)) add_word(to, "END_STREAM");
  const bool block = h.type == frame_type::headers || h.type == frame_type::push_promise || h.type == frame_type::continuation;
  if (block && h.has(flag::end_headers)) add_word(to, "END_HEADERS");
  if ((ends || h.type == frame_type::push_promise) && h.has(flag::padded)) add_word(to, "PADDED");
  if (h.type == frame_type::headers && h.has(flag::priority)) add_word(to, "PRIORITY");
  if ((h.type == frame_type::settings || h.type == frame_type::ping) && h.has(flag::ack)) add_word(to, "ACK");
}

std::string hex_number(std::uint32_t value, int digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text = "0x";
  for (int i = digits - 1; i >= 0; --i) text += hex[value >> (4 * i) & 0xf];
  return text;
}

std::string error_text(std::uint32_t code) {
  const std::string_view known = name(static_cast<error_code>(code));
  return known == "unknown" ? hex_number(code, 8) : std::string(known);
}

void add_settings(std::string& to, std::string_view payload) {
  for (std::size_t i = 0; i + setting_size <= payload.size(); i += setting_size) {
    const std::uint16_t id = load_u16(payload.data() + i);
    const std::string_view known = name(static_cast<setting>(id));
    add_word(to, known.empty() ? hex_number(id, 4) : std::string(known));
    to += '=' + std::to_string(load_u32(payload.data() + i + 2));
  }
}

// Field values may hold what a terminal must not see; a priority has visible ASCII only.
std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 64)) out += c >= ' ' && c <= '~' ? c : '.';
  return out;
}

std::string about_frame(const frame_header& h, std::string_view p) {
  std::string text;
  add_flags(text, h);
  const auto number = [&p](std::size_t at) { return p.size() >= at + 4 ? load_u32(p.data() + at) : 0; };
  switch (h.type) {
    case frame_type::rst_stream: add_word(text, error_text(number(0))); break;
    case frame_type::settings: add_settings(text, p); break;
    case frame_type::push_promise:
      add_word(text, "promised=" + std::to_string(number(h.has(flag::padded) ? 1 : 0) & largest_stream_id));
      break;
    case frame_type::goaway:
      add_word(text, "last=" + std::to_string(number(0) & largest_stream_id));
      add_word(text, error_text(number(4)));
      if (p.size() > 8) add_word(text, visible(p.substr(8)));
      break;
    case frame_type::window_update: add_word(text, "+" + std::to_string(number(0) & largest_stream_id)); break;
    case frame_type::priority_update:
      add_word(text, "stream=" + std::to_string(number(0) & largest_stream_id));
      if (p.size() > 4) add_word(text, visible(p.substr(4)));
      break;
    default: break;
  }
  return text;
}

}  // namespace

// What was queued before anybody looked, our preface and SETTINGS, is told too.
void connection::observe(engine::observer* sink, std::uint64_t id) {
  watch_.attach(sink, id);
  if (sink == nullptr || written_ > 0) return;
  engine::segment first[1];
  if (out_.peek(first) == 0) return;
  std::string_view bytes = first[0].bytes;
  if (!is_server()) bytes.remove_prefix(std::min(bytes.size(), client_preface.size()));
  while (bytes.size() >= frame_header_size) {
    const frame_header h = parse_frame_header(bytes.data());
    see_frame(engine::direction::out, h, bytes.substr(frame_header_size, h.length));
    bytes.remove_prefix(std::min<std::size_t>(bytes.size(), frame_header_size + h.length));
  }
}

void connection::see_frame(engine::direction way, const frame_header& h, std::string_view payload) {
  const std::string_view known = name(h.type);
  const std::string type = known.empty() ? hex_number(static_cast<std::uint32_t>(h.type), 2) : std::string(known);
  const std::string about = about_frame(h, payload);
  watch_(now_, h.stream, engine::observed_frame{way, type, h.flags, h.length, about});
}

}  // namespace parley::h2
