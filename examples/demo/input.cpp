#include "input.hpp"

#include <parley/problem.hpp>
#include <parley/response.hpp>

#include <algorithm>
#include <charconv>

namespace demo {
namespace {

/// The number of characters. The text is valid UTF-8.
std::ptrdiff_t length(std::string_view text) {
  return std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; });
}

/// U+0000 to U+001F, U+007F and, in UTF-8, U+0080 to U+009F: in a name they only serve to deceive.
bool has_control(std::string_view text) {
  unsigned char before = 0;
  for (const unsigned char c : text) {
    if (c < 0x20 || c == 0x7f || (before == 0xc2 && c < 0xa0)) return true;
    before = c;
  }
  return false;
}

}  // namespace

std::optional<std::int64_t> number(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-')) return {};
  if (value < least || value > most) return {};
  return value;
}

std::int64_t parameter(const parley::request& req, std::string_view name, std::int64_t least, std::int64_t most,
                       std::int64_t otherwise) {
  const std::optional<std::string> text = req.query(name);
  if (!text) return otherwise;
  const auto value = number(*text, least, most);
  if (value) return *value;
  auto what = parley::problem(400).detail("The query parameter " + std::string(name) + " must be an integer from " +
                                          std::to_string(least) + " to " + std::to_string(most) + ".");
  throw parley::problem_error(std::move(what).extension_text("parameter", name));
}

std::string_view first_characters(std::string_view text, std::size_t most) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (begins && ++count > most) return text.substr(0, at);
  }
  return text;
}

std::string fault_of(std::string_view text, std::ptrdiff_t longest) {
  if (text.find_first_not_of(' ') == text.npos) return "must not be empty";
  if (length(text) > longest) return "must have at most " + std::to_string(longest) + " characters";
  if (has_control(text)) return "must not have control characters";
  return {};
}

}  // namespace demo
