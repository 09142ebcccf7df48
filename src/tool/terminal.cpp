#include "tool/terminal.hpp"

#include "trace/escape.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace parley::tool {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// The first of the three that is set decides (POSIX, 8.2).
bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos ||
           value.find("utf-8") != std::string::npos || value.find("UTF8") != std::string::npos;
  }
  return false;
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

trace::look look_of(int descriptor, bool show_secrets) {
  trace::look how{.unicode = speaks_utf8(), .show_secrets = show_secrets};
  how.wrap = is_terminal(descriptor);
  if (!how.wrap) return how;
  const std::string term = environment("TERM");
  how.colour = environment("NO_COLOR").empty() && !term.empty() && term != "dumb";
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) how.width = size.ws_col;
  return how;
}

void say(std::string_view sentence) { write_all(STDERR_FILENO, "parley: " + trace::printable(sentence) + "\n"); }

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      // A terminal that another program of the session has made non-blocking.
      pollfd writable{descriptor, POLLOUT, 0};
      ::poll(&writable, 1, -1);
      continue;
    }
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace parley::tool
