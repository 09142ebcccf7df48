// Brings scattered output together in memory: bytes are copied, slices of files are read.
#pragma once

#include "base/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace parley::net {

struct gathered {
  std::size_t size = 0;   // put into the room, from its start
  std::error_code error;  // why it is no more: a file could not be read, or has become shorter than its slice
};

/// Fills `room` with what `segments` stand for, from `skip` bytes into the first of them on. Slices that follow one another in a file are
/// read with one call, whatever bytes lie between them.
[[nodiscard]] gathered gather(std::span<const base::segment> segments, std::uint64_t skip, std::span<char> room);

}  // namespace parley::net
