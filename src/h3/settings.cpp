#include "h3/settings.hpp"

#include <algorithm>
#include <array>

#include "h3/violations.hpp"

namespace parley::h3 {

namespace {

// RFC 9114 §7.2.4.1: those of HTTP/2 that have no meaning here.
bool is_http2_setting(std::uint64_t id) { return id == 0x00 || (id >= 0x02 && id <= 0x05); }

const engine::protocol_error* take_setting(settings& of, std::uint64_t id, std::uint64_t value) {
  switch (static_cast<setting>(id)) {
    case setting::qpack_max_table_capacity: of.qpack_max_table_capacity = value; return nullptr;
    case setting::max_field_section_size: of.max_field_section_size = value; return nullptr;
    case setting::qpack_blocked_streams: of.qpack_blocked_streams = value; return nullptr;
    case setting::enable_connect_protocol:
      if (value > 1) return &violation::bad_connect_setting;
      of.enable_connect_protocol = value != 0;
      return nullptr;
    case setting::h3_datagram:
      if (value > 1) return &violation::bad_datagram_setting;
      of.h3_datagram = value != 0;
      return nullptr;
  }
  return is_http2_setting(id) ? &violation::http2_setting : nullptr;
}

}  // namespace

const engine::protocol_error* read_settings(settings& of, std::string_view payload) {
  // Enough for every setting that is known and many that are not; what comes behind them is unknown and may stand there twice.
  std::array<std::uint64_t, 32> seen{};
  std::size_t count = 0;
  while (!payload.empty()) {
    std::uint64_t id = 0;
    std::uint64_t value = 0;
    if (!read_varint(payload, id) || !read_varint(payload, value)) return &violation::bad_settings_frame;
    const auto end = seen.begin() + static_cast<std::ptrdiff_t>(std::min(count, seen.size()));
    if (std::find(seen.begin(), end, id) != end) return &violation::duplicate_setting;
    if (count < seen.size()) seen[count++] = id;
    if (const auto* wrong = take_setting(of, id, value)) return wrong;
  }
  return nullptr;
}

std::string to_bytes(const settings& of) {
  char text[2 * most_varint_bytes * 5];
  char* p = text;
  const auto put = [&p](setting id, std::uint64_t value) { p = put_setting(p, static_cast<std::uint64_t>(id), value); };
  put(setting::qpack_max_table_capacity, of.qpack_max_table_capacity);
  put(setting::max_field_section_size, of.max_field_section_size);
  put(setting::qpack_blocked_streams, of.qpack_blocked_streams);
  put(setting::enable_connect_protocol, of.enable_connect_protocol ? 1 : 0);
  put(setting::h3_datagram, of.h3_datagram ? 1 : 0);
  return {text, static_cast<std::size_t>(p - text)};
}

const engine::protocol_error* check_remembered(const settings& remembered, const settings& said) {
  if (remembered.qpack_max_table_capacity != 0 && said.qpack_max_table_capacity != remembered.qpack_max_table_capacity) {
    return &violation::table_capacity_changed;
  }
  const bool less = said.max_field_section_size < remembered.max_field_section_size ||
                    said.qpack_blocked_streams < remembered.qpack_blocked_streams ||
                    (remembered.enable_connect_protocol && !said.enable_connect_protocol) ||
                    (remembered.h3_datagram && !said.h3_datagram);
  return less ? &violation::settings_below_remembered : nullptr;
}

std::string_view name(setting id) {
  switch (id) {
    case setting::qpack_max_table_capacity: return "QPACK_MAX_TABLE_CAPACITY";
    case setting::max_field_section_size: return "MAX_FIELD_SECTION_SIZE";
    case setting::qpack_blocked_streams: return "QPACK_BLOCKED_STREAMS";
    case setting::enable_connect_protocol: return "ENABLE_CONNECT_PROTOCOL";
    case setting::h3_datagram: return "H3_DATAGRAM";
  }
  return {};
}

}  // namespace parley::h3
