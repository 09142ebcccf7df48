// Takes the received bytes apart into frames (RFC 9113 §4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/protocol_error.hpp"
#include "h2/frame.hpp"

namespace parley::h2 {

/// The payload of DATA is handed on as it comes; every other frame when it is whole, so its bytes wait where they were received (at most
/// the largest frame that is taken). Frames of unknown types are skipped as they come. Nothing is copied.
class frame_reader {
 public:
  enum class step : std::uint8_t {
    more,        // nothing was consumed that was not told: more bytes are needed
    frame,       // a whole frame: `payload`, padding and its length included
    data_begin,  // DATA: the header and the padding's length are known
    data,        // a piece of its content
    data_end,    // all of it has come, padding too
    unknown,     // the header of a frame that is skipped
    skipped,     // bytes that nobody needs
    failed,      // a connection error: `error`
  };
  struct result {
    step what = step::more;
    std::size_t consumed = 0;
    std::string_view payload;
    const engine::protocol_error* error = nullptr;
  };

  /// `largest`: our SETTINGS_MAX_FRAME_SIZE. `block_on`: the stream whose field block must go on, or 0.
  [[nodiscard]] result read(std::string_view bytes, std::uint32_t largest, std::uint32_t block_on);

  /// Of the frame that `read` spoke of last.
  [[nodiscard]] const frame_header& header() const { return header_; }
  /// DATA: content without padding.
  [[nodiscard]] std::uint32_t content() const { return content_size_; }
  /// Whether a part of a frame has been consumed.
  [[nodiscard]] bool within_frame() const { return state_ != state::header; }
  [[nodiscard]] bool within_data() const { return state_ == state::content || state_ == state::padding; }

 private:
  enum class state : std::uint8_t { header, content, padding, skip };

  [[nodiscard]] result read_header(std::string_view bytes, std::uint32_t largest, std::uint32_t block_on);
  [[nodiscard]] result begin_data(std::string_view bytes);

  frame_header header_;
  state state_ = state::header;
  std::uint32_t left_ = 0;     // of what the state is about
  std::uint32_t padding_ = 0;  // that follows the content
  std::uint32_t content_size_ = 0;
};

/// What is wrong with a header, whatever the state of its stream; null when nothing is (RFC 9113 §4.2, §4.3, §6).
[[nodiscard]] const engine::protocol_error* check_frame_header(const frame_header& h, std::uint32_t largest,
                                                               std::uint32_t block_on);

}  // namespace parley::h2
