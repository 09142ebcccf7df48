#include "semantics/byteranges.hpp"

#include <utility>

namespace parley::semantics {

byteranges::byteranges(std::string boundary, std::string type, std::vector<byte_range> parts, std::uint64_t complete)
    : boundary_(std::move(boundary)), type_(std::move(type)), parts_(std::move(parts)), complete_(complete) {}

std::string byteranges::content_type() const { return "multipart/byteranges; boundary=" + boundary_; }

std::uint64_t byteranges::content_length() const {
  std::uint64_t length = end().size();
  for (std::size_t i = 0; i < parts_.size(); ++i) length += head(i).size() + parts_[i].length();
  return length;
}

std::string byteranges::head(std::size_t i) const {
  // The line break before a delimiter belongs to it (RFC 2046 §5.1.1).
  std::string text = i == 0 ? "--" : "\r\n--";
  text.append(boundary_).append("\r\n");
  if (!type_.empty()) text.append("Content-Type: ").append(type_).append("\r\n");
  text.append("Content-Range: ").append(to_text(content_range{.range = parts_[i], .complete = complete_})).append("\r\n\r\n");
  return text;
}

std::string byteranges::end() const { return "\r\n--" + boundary_ + "--\r\n"; }

}  // namespace parley::semantics
