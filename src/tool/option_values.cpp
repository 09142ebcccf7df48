#include "tool/option_values.hpp"

#include "tool/exit_code.hpp"
#include "trace/escape.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

namespace parley::tool {

std::uint64_t parse_count(const char* option, const std::string& text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number > most) {
    throw refusal(exit_usage, std::string(option) + " takes a number up to " + std::to_string(most) + "; got \"" +
                                  trace::printable(text) + "\"");
  }
  return number;
}

std::uint64_t parse_size(const char* option, const std::string& text) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 4> units{{{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto unit = std::ranges::find(units, rest, &std::pair<std::string_view, unsigned>::first);
  const bool fits =
      error == std::errc() && unit != units.end() && number > 0 && number <= (std::uint64_t{INT64_MAX} >> unit->second);
  if (!fits)
    throw refusal(exit_usage,
                  std::string(option) + " takes a size, such as 1000000 or 64MiB; got \"" + trace::printable(text) + "\"");
  return number << unit->second;
}

std::string read_small_file(const std::string& path, std::size_t most) {
  const int opened = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto fail = [&](const std::string& why) {
    if (opened >= 0) ::close(opened);
    throw refusal(exit_local, "cannot read " + (path == "-" ? std::string("standard input") : path) + ": " + why);
  };
  if (opened < 0) fail(std::strerror(errno));
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t n = ::read(opened, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(std::strerror(errno));
    if (n == 0) break;
    text.append(piece, static_cast<std::size_t>(n));
    if (text.size() > most) fail("it is larger than " + std::to_string(most) + " bytes");
  }
  ::close(opened);
  return text;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace parley::tool
