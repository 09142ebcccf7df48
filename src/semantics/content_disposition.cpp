#include "semantics/content_disposition.hpp"

#include <parley/uri.hpp>

#include <algorithm>

#include "base/ascii.hpp"
#include "semantics/escape.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

namespace {

// RFC 8187 §3.2.1: attr-char besides letters and digits.
constexpr std::string_view attr_marks = "!#$&+-.^_`|~";

bool is_attr_char(char c) { return base::is_alpha(c) || base::is_digit(c) || attr_marks.find(c) != attr_marks.npos; }

std::string utf8_of_latin1(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xc0 | byte >> 6);
      result += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return result;
}

bool is_plain_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%'; });
}

}  // namespace

std::optional<std::string> decode_extended(std::string_view value) {
  const std::size_t first = value.find('\'');
  if (first == value.npos) return std::nullopt;
  const std::size_t second = value.find('\'', first + 1);
  if (second == value.npos) return std::nullopt;
  const std::string_view charset = value.substr(0, first);
  const std::string_view text = value.substr(second + 1);
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c == '%' || is_attr_char(c); })) return std::nullopt;
  auto decoded = percent_decode(text);
  if (!decoded) return std::nullopt;
  if (base::iequals(charset, "ISO-8859-1")) return utf8_of_latin1(*decoded);
  if (!base::iequals(charset, "UTF-8") || !is_utf8(*decoded)) return std::nullopt;
  return decoded;
}

std::string encode_extended(std::string_view utf8) {
  std::string text = "UTF-8''";
  for (const char c : utf8) {
    if (is_attr_char(c)) {
      text += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    text += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

std::optional<content_disposition> parse_content_disposition(std::string_view value) {
  const auto [type, parameters] = split_parameters(base::trim_ows(value));
  if (!base::is_token(type)) return std::nullopt;
  content_disposition result{.type = base::to_lower(type), .file_name = std::nullopt};
  std::optional<std::string_view> plain, extended;
  parameter_reader reader(parameters);
  while (const auto found = reader.next()) {
    const bool is_extended = base::iequals(found->name, "filename*");
    if (!is_extended && !base::iequals(found->name, "filename")) continue;
    auto& kept = is_extended ? extended : plain;
    if (kept) return std::nullopt;
    kept = found->raw;
  }
  if (!reader.valid()) return std::nullopt;
  if (extended) result.file_name = decode_extended(*extended);
  if (!result.file_name && plain) result.file_name = parameter{{}, *plain}.value();
  return result;
}

std::string attachment(std::string_view file_name) {
  std::string text = "attachment; filename=\"";
  // RFC 6266 appendix D: old readers take percent signs and backslashes for escapes, so what they get has none.
  for (const char c : file_name) {
    const bool lead = static_cast<unsigned char>(c) >= 0xc0;
    if (c >= 0x20 && c < 0x7f) {
      text += c == '"' || c == '\\' || c == '%' ? '_' : c;
    } else if (lead || (c >= 0 && c < 0x20) || c == 0x7f) {
      text += '_';  // one for each character
    }
  }
  text += '"';
  if (!is_plain_name(file_name)) text.append("; filename*=").append(encode_extended(file_name));
  return text;
}

std::string safe_file_name(std::string_view name) {
  name = name.substr(name.find_last_of("/\\") + 1);
  std::string safe;
  while (!name.empty()) {
    const std::size_t n = utf8_length(name);
    const std::string_view one = name.substr(0, std::max<std::size_t>(n, 1));
    name.remove_prefix(one.size());
    const auto byte = static_cast<unsigned char>(one[0]);
    // C1 controls are C2 80 to C2 9F.
    const bool control = byte < 0x20 || byte == 0x7f || (byte == 0xc2 && static_cast<unsigned char>(one[1]) < 0xa0);
    if (n == 0 || control || (safe.empty() && (one == "." || one == " "))) continue;
    if (safe.size() + one.size() > 255) break;
    safe += one;
  }
  while (safe.ends_with(' ') || safe.ends_with('.')) safe.pop_back();
  return safe.empty() ? "file" : safe;
}

}  // namespace parley::semantics
