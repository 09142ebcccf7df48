// The short way through the field lines of an ordinary head.
#pragma once

#include <parley/fields.hpp>

#include <cstddef>
#include <string_view>

#include "h1/head_controls.hpp"

namespace parley::h1 {

struct plain_lines {
  std::size_t position;    // where the line begins that was not read
  std::size_t count;       // of the slots that were filled
  head_controls controls;  // those among the lines
};

/// Reads lines that are plain: a known name, a colon, one space, a value of visible ASCII and spaces that neither begins nor ends with
/// a space, CR LF. Stops at the first that is anything else, or that lies too near the end of `head`; the long way then says what it
/// is. So this may not be compiled in at all (PARLEY_PORTABLE_SCAN, processors without SSE2), and nothing changes but the speed.
///
/// Fills `slots`, which has `room`, with offsets from the start of `head`.
plain_lines read_plain_lines(std::string_view head, std::size_t position, std::size_t longest_line, parley::detail::field_slot* slots,
                             std::size_t room);

}  // namespace parley::h1
