// An exchange as text for a person: the three steps of a session and the time that each took.
#pragma once

#include "trace/exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::trace {

/// How text is drawn.
struct look {
  bool unicode = true;     // else plain ASCII
  bool colour = false;     // ANSI colours
  std::size_t width = 80;  // columns, 60 at least
  bool wrap = true;        // what is longer goes on in the next line; else its line is as long as it is, for files and programs
  bool show_secrets = false;
};

/// The three steps as a client saw them, each with bars for its parts: what it took and when it was over, counted from the start.
/// `title` (such as `GET http://localhost/`) stands above; empty: made from the request's head.
[[nodiscard]] std::string timeline(const exchange& x, std::string_view title, const look& how);

/// The three steps as a server saw them, a line each.
[[nodiscard]] std::string server_lines(const exchange& x, const look& how);

/// `0.42 ms`, `1.250 s`.
[[nodiscard]] std::string duration_text(std::chrono::steady_clock::duration d);
/// `512 B`, `12.5 KiB`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace parley::trace
