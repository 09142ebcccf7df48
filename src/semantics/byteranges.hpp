// The text around the parts of a multipart/byteranges answer (RFC 9110 §14.6): the parts' bytes are sent between its pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "semantics/range.hpp"

namespace parley::semantics {

class byteranges {
 public:
  /// `boundary` as `make_boundary` makes it; `type` is the representation's, and may be empty when it has none; `complete` its length.
  byteranges(std::string boundary, std::string type, std::vector<byte_range> parts, std::uint64_t complete);

  /// `multipart/byteranges; boundary=...`
  [[nodiscard]] std::string content_type() const;
  /// Of heads, parts and end together.
  [[nodiscard]] std::uint64_t content_length() const;

  [[nodiscard]] const std::vector<byte_range>& parts() const { return parts_; }
  /// What stands before the bytes of part `i`.
  [[nodiscard]] std::string head(std::size_t i) const;
  /// What stands behind the last one.
  [[nodiscard]] std::string end() const;

 private:
  std::string boundary_;
  std::string type_;
  std::vector<byte_range> parts_;
  std::uint64_t complete_;
};

}  // namespace parley::semantics
