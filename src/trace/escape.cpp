#include "trace/escape.hpp"

#include "base/ascii.hpp"
#include "semantics/escape.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace parley::trace {

namespace {

constexpr std::string_view hidden = "[hidden]";

/// The code point of a sequence that `utf8_length` has found valid.
char32_t escape_decode(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  switch (sequence.size()) {
    case 1: return byte(0);
    case 2: return static_cast<char32_t>((byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu));
    case 3: return static_cast<char32_t>((byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu));
    default:
      return static_cast<char32_t>((byte(0) & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu));
  }
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

/// Bidirectional controls and the separators of lines and paragraphs: a line could read otherwise than it is.
bool deceives(char32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/// Marks that are drawn over the character before them.
bool combines(char32_t c) { return (c >= 0x0300 && c <= 0x036F) || (c >= 0x200B && c <= 0x200D) || (c >= 0xFE00 && c <= 0xFE0F); }

void append_hex_digits(std::string& out, std::uint32_t value, int digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += hex[(value >> shift) & 0xF];
}

void append_bytes(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    out += "\\x";
    append_hex_digits(out, static_cast<unsigned char>(c), 2);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = semantics::utf8_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(sequence.size());
    const char32_t c = length == 0 ? 0 : escape_decode(sequence);
    if (length == 0 || is_control(c)) {
      append_bytes(out, sequence);
    } else if (deceives(c)) {
      out += "\\u{";
      append_hex_digits(out, c, 4);
      out += '}';
    } else {
      out += sequence;
    }
  }
  return out;
}

std::vector<std::string_view> head_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

bool is_secret(std::string_view field_name) {
  constexpr std::array<std::string_view, 4> secrets{"authorization", "proxy-authorization", "cookie", "set-cookie"};
  return std::ranges::any_of(secrets, [&](std::string_view s) { return base::iequals(field_name, s); });
}

std::string display_line(std::string_view line, bool show_secrets) {
  const std::size_t colon = line.find(':');
  if (show_secrets || colon == std::string_view::npos || !is_secret(base::trim_ows(line.substr(0, colon)))) return printable(line);
  return printable(line.substr(0, colon)) + ": " + std::string(hidden);
}

std::string display_url(std::string_view url, bool show_secrets) {
  const std::size_t scheme = url.find("://");
  if (show_secrets || scheme == std::string_view::npos) return printable(url);
  const std::size_t begin = scheme + 3;
  const std::string_view authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.substr(0, at).find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos) return printable(url);
  std::string out = printable(url.substr(0, begin + colon + 1));
  out += hidden;
  out += printable(url.substr(begin + at));
  return out;
}

std::size_t columns(std::string_view printable_text) {
  std::size_t count = 0;
  while (!printable_text.empty()) {
    const std::size_t length = std::max<std::size_t>(semantics::utf8_length(printable_text), 1);
    if (length < 2 || !combines(escape_decode(printable_text.substr(0, length)))) ++count;
    printable_text.remove_prefix(length);
  }
  return count;
}

std::string shortened(std::string_view printable_text, std::size_t width, std::string_view mark) {
  if (columns(printable_text) <= width) return std::string(printable_text);
  const std::size_t mark_columns = columns(mark);
  if (width <= mark_columns) return std::string(width, '.');
  std::size_t taken = 0;
  std::size_t used = 0;
  while (used < width - mark_columns) {
    taken += std::max<std::size_t>(semantics::utf8_length(printable_text.substr(taken)), 1);
    ++used;
  }
  return std::string(printable_text.substr(0, taken)) + std::string(mark);
}

}  // namespace parley::trace
