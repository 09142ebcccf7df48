#include "h3/frame_reader.hpp"

#include <cstring>

namespace parley::h3 {

frame_reader::result frame_reader::read_header(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::string_view from = bytes;
  const std::size_t before = have_;
  if (before > 0) {
    const std::size_t n = std::min(bytes.size(), head_.size() - before);
    std::memcpy(head_.data() + before, bytes.data(), n);
    from = {head_.data(), before + n};
  }
  std::string_view rest = from;
  std::uint64_t type = 0;
  std::uint64_t size = 0;
  if (!read_varint(rest, type) || !read_varint(rest, size)) {
    if (before == 0) std::memcpy(head_.data(), from.data(), from.size());  // fewer than two integers need
    have_ = static_cast<std::uint8_t>(from.size());
    return {step::more, bytes.size(), {}};
  }
  have_ = 0;
  type_ = static_cast<frame_type>(type);
  size_ = left_ = size;
  in_payload_ = true;
  return {step::header, from.size() - rest.size() - before, {}};
}

}  // namespace parley::h3
