// Takes the bytes of one stream apart into frames (RFC 9114 §7.1).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "h3/frame.hpp"

namespace parley::h3 {

/// Headers are kept when they come in pieces; payloads are handed on as they come.
class frame_reader {
 public:
  enum class step : std::uint8_t {
    more,     // everything was consumed
    header,   // a frame begins: `type`, `size`
    payload,  // a piece of its payload, empty only for a frame without any; its last when `left` is 0
  };
  struct result {
    step what = step::more;
    std::size_t consumed = 0;
    std::string_view payload;
  };

  [[nodiscard]] result read(std::string_view bytes) {
    if (!in_payload_) return read_header(bytes);
    if (bytes.empty() && left_ > 0) return {};
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= n;
    in_payload_ = left_ > 0;
    return {step::payload, n, bytes.substr(0, n)};
  }

  [[nodiscard]] frame_type type() const { return type_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// What has not come of the payload.
  [[nodiscard]] std::uint64_t left() const { return left_; }
  /// Whether a frame has begun and not ended.
  [[nodiscard]] bool within_frame() const { return in_payload_ || have_ > 0; }

 private:
  [[nodiscard]] result read_header(std::string_view bytes);

  std::array<char, 2 * most_varint_bytes> head_{};
  std::uint8_t have_ = 0;  // of the header
  bool in_payload_ = false;
  frame_type type_ = frame_type::data;
  std::uint64_t size_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace parley::h3
