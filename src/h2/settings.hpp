// SETTINGS (RFC 9113 §6.5, RFC 8441 §3, RFC 9218 §2.1).
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/events.hpp"
#include "h2/frame.hpp"

namespace parley::h2 {

enum class setting : std::uint16_t {
  header_table_size = 0x01,
  enable_push = 0x02,
  max_concurrent_streams = 0x03,
  initial_window_size = 0x04,
  max_frame_size = 0x05,
  max_header_list_size = 0x06,
  enable_connect_protocol = 0x08,
  no_rfc7540_priorities = 0x09,
};

inline constexpr std::size_t setting_size = 6;

/// What one side has announced; as it is before its first SETTINGS.
struct settings {
  std::uint32_t header_table_size = 4096;
  std::uint32_t max_concurrent_streams = UINT32_MAX;
  std::uint32_t initial_window_size = default_window;
  std::uint32_t max_frame_size = default_frame_size;
  std::uint32_t max_header_list_size = UINT32_MAX;
  bool enable_push = true;
  bool enable_connect_protocol = false;
  bool no_rfc7540_priorities = false;
  bool max_concurrent_said = false;
};

/// Takes one setting of the peer, whose role is `from`; null, or what is wrong with it. Unknown ones are ignored (RFC 9113 §6.5.2).
/// `first`: no SETTINGS came before (SETTINGS_NO_RFC7540_PRIORITIES must not change later, RFC 9218 §2.1).
[[nodiscard]] const engine::protocol_error* take(settings& of, std::uint16_t id, std::uint32_t value, engine::role from,
                                                 bool first);

/// Writes one setting; where the next goes.
inline char* put_setting(char* p, setting id, std::uint32_t value) {
  return store_u32(store_u16(p, static_cast<std::uint16_t>(id)), value);
}

/// `MAX_CONCURRENT_STREAMS`; empty for others than the above.
[[nodiscard]] std::string_view name(setting id);

}  // namespace parley::h2
