#include "semantics/structured.hpp"

#include <algorithm>
#include <string>

#include "base/ascii.hpp"
#include "semantics/escape.hpp"
#include "semantics/structured_scan.hpp"

namespace parley::semantics::sf {

namespace scan {

namespace {
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
}  // namespace

std::string_view take_key(std::string_view& rest) {
  if (rest.empty() || (!is_lower(rest[0]) && rest[0] != '*')) return {};
  std::size_t n = 1;
  while (n < rest.size() &&
         (is_lower(rest[n]) || base::is_digit(rest[n]) || std::string_view("_-.*").find(rest[n]) != std::string_view::npos))
    ++n;
  const std::string_view key = rest.substr(0, n);
  rest.remove_prefix(n);
  return key;
}

namespace {

// §4.2.4: at most 15 digits, or 12 and 1 to 3 behind the point.
bool take_number(std::string_view& rest, member& m) {
  const bool negative = take_char(rest, '-');
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; digits < rest.size() && base::is_digit(rest[digits]); ++digits) {
    if (digits == 15) return false;
    value = value * 10 + (rest[digits] - '0');
  }
  if (digits == 0) return false;
  rest.remove_prefix(digits);
  m.what = type::integer;
  if (rest.starts_with('.')) {
    if (digits > 12) return false;
    rest.remove_prefix(1);
    std::size_t decimals = 0;
    for (; decimals < rest.size() && base::is_digit(rest[decimals]); ++decimals) {
      if (decimals == 3) return false;
      value = value * 10 + (rest[decimals] - '0');
    }
    if (decimals == 0) return false;
    rest.remove_prefix(decimals);
    for (; decimals < 3; ++decimals) value *= 10;
    m.what = type::decimal;
  }
  m.number = negative ? -value : value;
  return true;
}

// §4.2.5: visible ASCII and spaces; a backslash stands before `"` and itself alone.
bool take_string(std::string_view& rest) {
  for (std::size_t i = 1; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '"') {
      rest.remove_prefix(i + 1);
      return true;
    }
    if (c == '\\') {
      ++i;
      if (i == rest.size() || (rest[i] != '"' && rest[i] != '\\')) return false;
    } else if (c < 0x20 || c >= 0x7f) {
      return false;
    }
  }
  return false;
}

// §4.2.6
void take_token(std::string_view& rest) {
  std::size_t n = 1;
  while (n < rest.size() && (base::is_token_char(rest[n]) || rest[n] == ':' || rest[n] == '/')) ++n;
  rest.remove_prefix(n);
}

// §4.2.7: base64 between colons. Padding may lack (a parser should take that), and stands at the end alone.
bool take_binary(std::string_view& rest) {
  const std::size_t end = rest.find(':', 1);
  if (end == rest.npos) return false;
  std::string_view text = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  const std::size_t padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  if (padding > 2 || (padding > 0 && text.size() % 4 != 0)) return false;
  text.remove_suffix(padding);
  for (const char c : text) {
    if (!base::is_alpha(c) && !base::is_digit(c) && c != '+' && c != '/') return false;
  }
  return text.size() % 4 != 1;
}

// §4.2.10: visible ASCII and spaces; `%` and two lower-case hexadecimal digits are a byte, and all together is UTF-8.
bool take_display_string(std::string_view& rest) {
  if (!rest.starts_with("%\"")) return false;
  std::string decoded;
  for (std::size_t i = 2; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '"') {
      rest.remove_prefix(i + 1);
      return is_utf8(decoded);
    }
    if (c < 0x20 || c >= 0x7f) return false;
    if (c != '%') {
      decoded += c;
      continue;
    }
    if (rest.size() - i < 3) return false;
    for (const char digit : rest.substr(i + 1, 2)) {
      if (!base::is_hex(digit) || (digit >= 'A' && digit <= 'F')) return false;
    }
    decoded += static_cast<char>(base::hex_value(rest[i + 1]) << 4 | base::hex_value(rest[i + 2]));
    i += 2;
  }
  return false;
}

// §4.2.9
bool take_date(std::string_view& rest, member& m) {
  rest.remove_prefix(1);
  if (!take_number(rest, m) || m.what != type::integer) return false;
  m.what = type::date;
  return true;
}

}  // namespace

bool take_bare_item(std::string_view& rest, member& m) {
  if (rest.empty()) return false;
  const char c = rest[0];
  if (c == '-' || base::is_digit(c)) return take_number(rest, m);
  m.number = 0;
  if (c == '"') {
    m.what = type::string;
    return take_string(rest);
  }
  if (c == ':') {
    m.what = type::binary;
    return take_binary(rest);
  }
  if (c == '?') {
    if (rest.size() < 2 || (rest[1] != '0' && rest[1] != '1')) return false;
    m.what = type::boolean;
    m.number = rest[1] - '0';
    rest.remove_prefix(2);
    return true;
  }
  if (c == '@') return take_date(rest, m);
  if (c == '%') {
    m.what = type::display_string;
    return take_display_string(rest);
  }
  if (c != '*' && !base::is_alpha(c)) return false;
  m.what = type::token;
  take_token(rest);
  return true;
}

bool take_parameters(std::string_view& rest) {
  while (take_char(rest, ';')) {
    skip(rest, " ");
    if (take_key(rest).empty()) return false;
    member value;
    if (take_char(rest, '=') && !take_bare_item(rest, value)) return false;
  }
  return true;
}

}  // namespace scan

namespace {

// §4.2.1.2
bool take_inner_list(std::string_view& rest) {
  rest.remove_prefix(1);
  while (true) {
    scan::skip(rest, " ");
    if (scan::take_char(rest, ')')) return true;
    member one;
    if (!scan::take_bare_item(rest, one) || !scan::take_parameters(rest)) return false;
    if (!rest.starts_with(' ') && !rest.starts_with(')')) return false;
  }
}

}  // namespace

dictionary_reader::dictionary_reader(std::string_view value) : rest_(scan::trim(value)) {}

std::optional<member> dictionary_reader::fail() {
  valid_ = false;
  rest_ = {};
  return std::nullopt;
}

std::optional<member> dictionary_reader::next() {
  if (rest_.empty()) return std::nullopt;
  member m;
  m.key = scan::take_key(rest_);
  if (m.key.empty()) return fail();
  const auto since = [&](std::string_view before) { return before.substr(0, before.size() - rest_.size()); };
  if (scan::take_char(rest_, '=')) {
    const std::string_view before = rest_;
    const bool list = rest_.starts_with('(');
    if (list ? !take_inner_list(rest_) : !scan::take_bare_item(rest_, m)) return fail();
    if (list) m.what = type::inner_list;
    m.text = since(before);
  } else {
    m.number = 1;
  }
  const std::string_view before = rest_;
  if (!scan::take_parameters(rest_)) return fail();
  m.parameters = since(before);

  if (!scan::take_separator(rest_)) return fail();
  return m;
}

}  // namespace parley::semantics::sf
