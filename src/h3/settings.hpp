// SETTINGS (RFC 9114 §7.2.4, RFC 9204 §5, RFC 9220 §3, RFC 9297 §2.1.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/protocol_error.hpp"
#include "h3/frame.hpp"

namespace parley::h3 {

enum class setting : std::uint64_t {
  qpack_max_table_capacity = 0x01,
  max_field_section_size = 0x06,
  qpack_blocked_streams = 0x07,
  enable_connect_protocol = 0x08,
  h3_datagram = 0x33,
};

/// What one side has announced; as it is before its SETTINGS. A client keeps those of a server with its ticket for 0-RTT (RFC 9114
/// §7.2.4.2).
struct settings {
  std::uint64_t qpack_max_table_capacity = 0;
  std::uint64_t max_field_section_size = largest_varint;
  std::uint64_t qpack_blocked_streams = 0;
  bool enable_connect_protocol = false;
  bool h3_datagram = false;

  bool operator==(const settings&) const = default;
};

/// Reads the payload of SETTINGS; null, or what is wrong with it. Unknown settings are ignored.
[[nodiscard]] const engine::protocol_error* read_settings(settings& of, std::string_view payload);

/// The payload of SETTINGS that say the same.
[[nodiscard]] std::string to_bytes(const settings& of);

/// What is wrong when a server has accepted 0-RTT that relied on `remembered` and now says `said`; null: nothing (RFC 9114 §7.2.4.2, RFC
/// 9204 §3.2.3).
[[nodiscard]] const engine::protocol_error* check_remembered(const settings& remembered, const settings& said);

/// Writes one setting; where the next goes.
inline char* put_setting(char* p, std::uint64_t id, std::uint64_t value) { return write_varint(write_varint(p, id), value); }

/// `MAX_FIELD_SECTION_SIZE`; empty for others than the above.
[[nodiscard]] std::string_view name(setting id);

}  // namespace parley::h3
