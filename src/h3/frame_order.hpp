// Which frame may come where, as a table (RFC 9114 §4.1, §7, Table 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "h3/frame.hpp"

namespace parley::h3 {

/// How far a stream has come, by what the peer may say on it next.
enum class frame_place : std::uint8_t {
  control_start,      // nothing has come on the peer's control stream
  control_of_client,  // its SETTINGS have
  control_of_server,
  request_head,     // a request's head is due
  request_content,  // it came
  request_end,      // its trailers came
  response_head,    // a response's final head is due
  response_content,
  response_end,
  pushed_head,  // the same on a push stream
  pushed_content,
  pushed_end,
  tunnel,  // behind CONNECT (RFC 9114 §4.4)
};
inline constexpr std::size_t frame_place_count = 13;

enum class frame_kind : std::uint8_t {
  data,
  headers,
  cancel_push,
  settings,
  push_promise,
  goaway,
  max_push_id,
  priority_update,
  reserved,  // a type of HTTP/2 that HTTP/3 has not (RFC 9114 §7.2.8)
  unknown,
};
inline constexpr std::size_t frame_kind_count = 10;

enum class frame_verdict : std::uint8_t {
  take,
  skip,
  unexpected,        // connection error H3_FRAME_UNEXPECTED
  missing_settings,  // connection error H3_MISSING_SETTINGS
};

[[nodiscard]] frame_kind kind_of(frame_type type);
[[nodiscard]] frame_verdict judge(frame_place place, frame_kind kind);
/// `response content`.
[[nodiscard]] std::string_view name(frame_place place);

[[nodiscard]] constexpr bool head_due(frame_place p) {
  return p == frame_place::request_head || p == frame_place::response_head || p == frame_place::pushed_head;
}
/// Behind the final head, and behind the trailers.
[[nodiscard]] constexpr frame_place behind(frame_place p) {
  switch (p) {
    case frame_place::request_head:
    case frame_place::request_content:
    case frame_place::response_head:
    case frame_place::response_content:
    case frame_place::pushed_head:
    case frame_place::pushed_content: return static_cast<frame_place>(static_cast<std::uint8_t>(p) + 1);
    default: return p;
  }
}

}  // namespace parley::h3
