// What a stream of this process leads to, and what can be drawn there.
#pragma once

#include "trace/timeline.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::tool {

[[nodiscard]] bool is_terminal(int descriptor);

/// How to draw on `descriptor`: colours on a terminal only, and not with NO_COLOR (https://no-color.org) or TERM=dumb; Unicode
/// where LC_ALL, LC_CTYPE or LANG says UTF-8; to the terminal's width, and elsewhere lines are whole.
[[nodiscard]] trace::look look_of(int descriptor, bool show_secrets);

/// `parley: sentence`, and a line end, on standard error, in one write. Peers' text in it is made printable.
void say(std::string_view sentence);

/// Writes all, whatever it takes; false when the other end is gone or has no room (errno says why).
bool write_all(int descriptor, std::string_view text);

}  // namespace parley::tool
