// The short way through an ordinary head. Whatever is not ordinary is left to the long way, which then says what it is: so none of
// this may be compiled in (PARLEY_PORTABLE_SCAN, processors without SSE2), and nothing changes but the speed.
#pragma once

#include <parley/fields.hpp>

#include <cstddef>
#include <string_view>

#include "h1/head_controls.hpp"
#include "h1/start_line.hpp"

namespace parley::h1 {

struct plain_lines {
  std::size_t position;    // where the line begins that was not read
  std::size_t count;       // of the slots that were filled
  head_controls controls;  // those among the lines
};

/// Reads lines of a known name, a colon, one space, a value of visible ASCII and spaces that neither begins nor ends with a space, and
/// CR LF. Stops at the first that is anything else.
///
/// Fills `slots`, which has `room`, with offsets from the start of `head`.
plain_lines read_plain_lines(std::string_view head, std::size_t position, std::size_t longest_line,
                             parley::detail::field_slot* slots, std::size_t room);

/// Reads GET or POST, a path and HTTP/1.1; the size of the line with CR LF, 0 when it is anything else.
std::size_t read_plain_request_line(std::string_view head, std::size_t longest_line, request_line& out);

}  // namespace parley::h1
