// Byte classes of RFC 9110 §5 and RFC 3986 §2, comparison without case, white space. Independent of the locale.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::base {

/// Classes of a byte, as bits of `ascii_classes`.
enum byte_class : std::uint16_t {
  class_token = 1 << 0,        // RFC 9110 §5.6.2 tchar
  class_field_vchar = 1 << 1,  // RFC 9110 §5.5: visible, or 0x80 to 0xff
  class_field_value = 1 << 2,  // field-vchar, space, tab
  class_digit = 1 << 3,
  class_hex = 1 << 4,
  class_alpha = 1 << 5,
  class_target = 1 << 6,      // may stand in a request-target: visible ASCII but `#`
  class_unreserved = 1 << 7,  // RFC 3986 §2.3
  class_sub_delim = 1 << 8,   // RFC 3986 §2.2
  class_pchar = 1 << 9,       // RFC 3986 §3.3, without the percent sign
  class_quoted = 1 << 10,     // RFC 9110 §5.6.4 qdtext
  class_scheme = 1 << 11,     // RFC 3986 §3.1, after the first letter
};

namespace ascii_detail {
constexpr bool among(int c, std::string_view set) { return c < 0x80 && set.find(static_cast<char>(c)) != set.npos; }

constexpr std::array<std::uint16_t, 256> make_classes() {
  std::array<std::uint16_t, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool visible = c > 0x20 && c < 0x7f;
    const bool text = c >= 0x80;
    const bool unreserved = digit || alpha || among(c, "-._~");
    const bool sub_delim = among(c, "!$&'()*+,;=");
    int bits = 0;
    if (digit || alpha || among(c, "!#$%&'*+-.^_`|~")) bits |= class_token;
    if (visible || text) bits |= class_field_vchar;
    if (visible || text || c == ' ' || c == '\t') bits |= class_field_value;
    if (digit) bits |= class_digit;
    if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) bits |= class_hex;
    if (alpha) bits |= class_alpha;
    if (visible && c != '#') bits |= class_target;
    if (unreserved) bits |= class_unreserved;
    if (sub_delim) bits |= class_sub_delim;
    if (unreserved || sub_delim || c == ':' || c == '@') bits |= class_pchar;
    if (c == '\t' || c == ' ' || text || (visible && c != '"' && c != '\\')) bits |= class_quoted;
    if (digit || alpha || among(c, "+-.")) bits |= class_scheme;
    table[static_cast<std::size_t>(c)] = static_cast<std::uint16_t>(bits);
  }
  return table;
}
}  // namespace ascii_detail

inline constexpr std::array<std::uint16_t, 256> ascii_classes = ascii_detail::make_classes();

/// Whether `c` is in one of the classes of `mask`, an or of `byte_class` values.
constexpr bool is_class(char c, unsigned mask) { return (ascii_classes[static_cast<unsigned char>(c)] & mask) != 0; }

constexpr bool is_token_char(char c) { return is_class(c, class_token); }
constexpr bool is_field_vchar(char c) { return is_class(c, class_field_vchar); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) { return is_class(c, class_hex); }
constexpr bool is_alpha(char c) { return is_class(c, class_alpha); }
constexpr bool is_ows(char c) { return c == ' ' || c == '\t'; }

/// Whether all bytes are in one of the classes of `mask`; true for empty text.
constexpr bool all_of_class(std::string_view text, unsigned mask) {
  for (char c : text) {
    if (!is_class(c, mask)) return false;
  }
  return true;
}

/// RFC 9110 §5.6.2: one or more tchar.
constexpr bool is_token(std::string_view text) { return !text.empty() && all_of_class(text, class_token); }

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

constexpr std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

/// Equal but for the case of ASCII letters.
constexpr bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

/// Without leading and trailing spaces and tabs (RFC 9110 §5.6.3).
constexpr std::string_view trim_ows(std::string_view text) {
  std::size_t begin = 0;
  std::size_t end = text.size();
  while (begin < end && is_ows(text[begin])) ++begin;
  while (end > begin && is_ows(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

/// The value of a hexadecimal digit, -1 for another byte.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace parley::base
