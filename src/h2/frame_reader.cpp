#include "h2/frame_reader.hpp"

#include <algorithm>

#include "h2/settings.hpp"
#include "h2/violations.hpp"

namespace parley::h2 {

namespace {

enum class on_stream : std::uint8_t { needed, never, either };

struct frame_rule {
  on_stream stream;
  std::uint32_t exact;  // the payload's size; 0: any
  std::uint32_t least;
};

// clang-format off
constexpr frame_rule frame_rules[] = {
  /* DATA          */ {on_stream::needed, 0, 0},
  /* HEADERS       */ {on_stream::needed, 0, 0},
  /* PRIORITY      */ {on_stream::needed, 0, 0},  // another size costs its stream only
  /* RST_STREAM    */ {on_stream::needed, 4, 4},
  /* SETTINGS      */ {on_stream::never,  0, 0},
  /* PUSH_PROMISE  */ {on_stream::needed, 0, 4},
  /* PING          */ {on_stream::never,  8, 8},
  /* GOAWAY        */ {on_stream::never,  0, 8},
  /* WINDOW_UPDATE */ {on_stream::either, 4, 4},
  /* CONTINUATION  */ {on_stream::needed, 0, 0},
};
// clang-format on

}  // namespace

const engine::protocol_error* check_frame_header(const frame_header& h, std::uint32_t largest, std::uint32_t block_on) {
  // RFC 9113 §4.3, §5.5, §6.10: nothing else, on no stream, within a field block.
  if (block_on != 0 && (h.type != frame_type::continuation || h.stream != block_on)) return &violation::block_interrupted;
  if (block_on == 0 && h.type == frame_type::continuation) return &violation::unexpected_continuation;
  if (h.type == frame_type::priority_update) {
    if (h.stream != 0) return &violation::stream_not_allowed;
    if (h.length < 4) return &violation::bad_frame_size;
    return h.length > largest ? &violation::frame_too_large : nullptr;
  }
  const auto type = static_cast<std::size_t>(h.type);
  if (type >= std::size(frame_rules)) return h.length > largest ? &violation::frame_too_large : nullptr;
  const frame_rule& rule = frame_rules[type];
  if (rule.stream == on_stream::needed && h.stream == 0) return &violation::stream_needed;
  if (rule.stream == on_stream::never && h.stream != 0) return &violation::stream_not_allowed;
  // Too large DATA costs its stream only, and so does PRIORITY of another size than 5: RFC 9113 §4.2.
  const bool costs_stream = h.type == frame_type::data || h.type == frame_type::priority;
  if (!costs_stream && h.length > largest) return &violation::frame_too_large;
  if ((rule.exact != 0 && h.length != rule.exact) || h.length < rule.least) return &violation::bad_frame_size;
  if (h.type == frame_type::settings) {
    if (h.has(flag::ack) && h.length != 0) return &violation::settings_ack_with_payload;
    if (h.length % setting_size != 0) return &violation::bad_frame_size;
  }
  return nullptr;
}

frame_reader::result frame_reader::begin_data(std::string_view bytes) {
  std::size_t used = frame_header_size;
  content_size_ = header_.length;
  padding_ = 0;
  if (header_.has(flag::padded)) {
    if (header_.length == 0) return {.what = step::failed, .consumed = 0, .payload = {}, .error = &violation::bad_frame_size};
    if (bytes.size() == used) return {};
    padding_ = static_cast<unsigned char>(bytes[used++]);
    if (padding_ >= header_.length) return {.what = step::failed, .consumed = 0, .payload = {}, .error = &violation::bad_padding};
    content_size_ = header_.length - 1 - padding_;
  }
  state_ = state::content;
  left_ = content_size_;
  return {.what = step::data_begin, .consumed = used, .payload = {}, .error = nullptr};
}

frame_reader::result frame_reader::read_header(std::string_view bytes, std::uint32_t largest, std::uint32_t block_on) {
  if (bytes.size() < frame_header_size) return {};
  header_ = parse_frame_header(bytes.data());
  if (const auto* error = check_frame_header(header_, largest, block_on)) {
    return {.what = step::failed, .consumed = 0, .payload = {}, .error = error};
  }
  if (header_.type == frame_type::data) return begin_data(bytes);
  const bool known = !name(header_.type).empty();
  if (!known || header_.length > largest) {
    state_ = state::skip;
    left_ = header_.length;
    return {.what = step::unknown, .consumed = frame_header_size, .payload = {}, .error = nullptr};
  }
  const std::size_t whole = frame_header_size + header_.length;
  if (bytes.size() < whole) return {};
  return {.what = step::frame, .consumed = whole, .payload = bytes.substr(frame_header_size, header_.length), .error = nullptr};
}

frame_reader::result frame_reader::read(std::string_view bytes, std::uint32_t largest, std::uint32_t block_on) {
  const auto part = [&] { return static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), left_)); };
  switch (state_) {
    case state::header: return read_header(bytes, largest, block_on);
    case state::content: {
      const std::uint32_t n = part();
      if (n > 0) {
        left_ -= n;
        return {.what = step::data, .consumed = n, .payload = bytes.substr(0, n), .error = nullptr};
      }
      if (left_ > 0) return {};
      state_ = state::padding;
      left_ = padding_;
      [[fallthrough]];
    }
    case state::padding: {
      const std::uint32_t n = part();
      left_ -= n;
      if (left_ > 0) return {.what = n > 0 ? step::skipped : step::more, .consumed = n, .payload = {}, .error = nullptr};
      state_ = state::header;
      return {.what = step::data_end, .consumed = n, .payload = {}, .error = nullptr};
    }
    case state::skip: {
      const std::uint32_t n = part();
      left_ -= n;
      if (left_ == 0) state_ = state::header;
      return {.what = n > 0 || left_ == 0 ? step::skipped : step::more, .consumed = n, .payload = {}, .error = nullptr};
    }
  }
  return {};
}

}  // namespace parley::h2
