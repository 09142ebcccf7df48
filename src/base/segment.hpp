// A piece of output, as engines offer it and streams write it.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::base {

/// Bytes that stay where they are until they were written, or a slice of an open file.
struct segment {
  std::string_view bytes;
  int descriptor = -1;       // a file slice when not -1
  std::uint64_t offset = 0;  // into the file
  std::uint64_t length = 0;  // of the slice; 0 for bytes
  [[nodiscard]] std::uint64_t size() const { return descriptor < 0 ? bytes.size() : length; }
};

}  // namespace parley::base
