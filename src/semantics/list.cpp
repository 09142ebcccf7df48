#include "semantics/list.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace parley::semantics {
namespace {

// The end of the element at the beginning of `text`: the index of a comma outside of quoted strings or the size; `npos` for a
// quoted string that does not end.
std::size_t element_end(std::string_view text) {
  std::size_t i = 0;
  while (true) {
    i = text.find_first_of(",\"", i);
    if (i == text.npos) return text.size();
    if (text[i] == ',') return i;
    const std::size_t length = quoted_string_length(text.substr(i));
    if (length == 0) return text.npos;
    i += length;
  }
}

std::size_t token_length(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && base::is_token_char(text[i])) ++i;
  return i;
}

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && base::is_ows(text[0])) text.remove_prefix(1);
  return text;
}

}  // namespace

std::optional<std::string_view> list_reader::next() {
  while (valid_ && !done_) {
    const std::size_t end = element_end(rest_);
    if (end == rest_.npos) {
      valid_ = false;
      break;
    }
    const std::string_view element = base::trim_ows(rest_.substr(0, end));
    done_ = end == rest_.size();
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!element.empty()) return element;
    if (++empty_ > max_empty_elements) valid_ = false;
  }
  return std::nullopt;
}

std::string parameter::value() const {
  if (auto text = unquote(raw)) return *std::move(text);
  return std::string(raw);
}

bool parameter::value_is(std::string_view token) const {
  return raw.starts_with('"') ? base::iequals(value(), token) : base::iequals(raw, token);
}

std::optional<parameter> parameter_reader::next() {
  while (valid_) {
    rest_ = trim_left(rest_);
    if (rest_.empty()) return std::nullopt;
    if (rest_[0] != ';') break;
    rest_ = trim_left(rest_.substr(1));
    // RFC 9110 §5.6.6: a semicolon may be followed by nothing.
    if (rest_.empty() || rest_[0] == ';') continue;

    const std::size_t name = token_length(rest_);
    if (name == 0 || name + 1 >= rest_.size() || rest_[name] != '=') break;
    const std::string_view after = rest_.substr(name + 1);
    const std::size_t length = after[0] == '"' ? quoted_string_length(after) : token_length(after);
    if (length == 0) break;
    const parameter found{rest_.substr(0, name), after.substr(0, length)};
    rest_ = after.substr(length);
    return found;
  }
  valid_ = false;
  return std::nullopt;
}

element_parts split_parameters(std::string_view element) {
  const std::size_t end = std::min(element.find(';'), element.size());
  return {base::trim_ows(element.substr(0, end)), element.substr(end)};
}

std::size_t quoted_string_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') {
      // RFC 9110 §5.6.4: quoted-pair = "\" ( HTAB / SP / VCHAR / obs-text )
      ++i;
      if (i == text.size() || !base::is_class(text[i], base::class_field_value)) return 0;
    } else if (!base::is_class(text[i], base::class_quoted)) {
      return 0;
    }
  }
  return 0;
}

std::optional<std::string> unquote(std::string_view text) {
  if (text.empty() || quoted_string_length(text) != text.size()) return std::nullopt;
  std::string content;
  content.reserve(text.size() - 2);
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    content += text[i];
  }
  return content;
}

std::string quote_unless_token(std::string_view text) {
  if (base::is_token(text)) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

std::optional<std::uint16_t> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int thousandths = (text[0] - '0') * 1000;
  int unit = 100;
  for (char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!base::is_digit(c)) return std::nullopt;
    thousandths += (c - '0') * unit;
    unit /= 10;
  }
  if (thousandths > 1000) return std::nullopt;
  return static_cast<std::uint16_t>(thousandths);
}

}  // namespace parley::semantics
