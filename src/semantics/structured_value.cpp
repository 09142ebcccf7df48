#include "semantics/structured_value.hpp"

#include "base/ascii.hpp"
#include "semantics/base64.hpp"
#include "semantics/structured_scan.hpp"

namespace parley::semantics::sf {

namespace {

// `text` is a String or Display String as it was taken, without its quotes and what stands before them.
std::string without_escapes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    plain += text[i];
  }
  return plain;
}

std::string without_percents(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(base::hex_value(text[i + 1]) << 4 | base::hex_value(text[i + 2]));
    i += 2;
  }
  return plain;
}

bool take_value(std::string_view& rest, bare_item& out) {
  const std::string_view before = rest;
  member m;
  if (!scan::take_bare_item(rest, m)) return false;
  const std::string_view text = before.substr(0, before.size() - rest.size());
  switch (m.what) {
    case type::integer: out = m.number; break;
    case type::decimal: out = decimal{m.number}; break;
    case type::boolean: out = m.number != 0; break;
    case type::date: out = date{m.number}; break;
    case type::string: out = without_escapes(text.substr(1, text.size() - 2)); break;
    case type::display_string: out = display_string{without_percents(text.substr(2, text.size() - 3))}; break;
    case type::token: out = token{std::string(text)}; break;
    case type::binary: {
      auto bytes = decode_base64(text.substr(1, text.size() - 2), base64_strictness::lenient);
      if (!bytes) return false;
      out = byte_sequence{*std::move(bytes)};
      break;
    }
    case type::inner_list: return false;
  }
  return true;
}

// §4.2.2, §4.2.3.2: where a key comes again, its value is overwritten in place.
template <class Value>
bool put(std::vector<std::pair<std::string, Value>>& entries, std::string_view key, Value value, std::size_t most) {
  for (auto& [name, old] : entries) {
    if (name != key) continue;
    old = std::move(value);
    return true;
  }
  if (entries.size() == most) return false;
  entries.emplace_back(std::string(key), std::move(value));
  return true;
}

bool take_parameter_values(std::string_view& rest, parameters& out) {
  while (scan::take_char(rest, ';')) {
    scan::skip(rest, " ");
    const std::string_view key = scan::take_key(rest);
    if (key.empty()) return false;
    bare_item value = true;
    if (scan::take_char(rest, '=') && !take_value(rest, value)) return false;
    if (!put(out, key, std::move(value), max_parameters)) return false;
  }
  return true;
}

bool take_item(std::string_view& rest, item& out) { return take_value(rest, out.value) && take_parameter_values(rest, out.params); }

bool take_inner_list(std::string_view& rest, inner_list& out) {
  rest.remove_prefix(1);
  while (true) {
    scan::skip(rest, " ");
    if (scan::take_char(rest, ')')) return take_parameter_values(rest, out.params);
    if (out.items.size() == max_inner_items || !take_item(rest, out.items.emplace_back())) return false;
    if (!rest.starts_with(' ') && !rest.starts_with(')')) return false;
  }
}

bool take_member(std::string_view& rest, list_member& out) {
  if (rest.starts_with('(')) return take_inner_list(rest, out.emplace<inner_list>());
  return take_item(rest, out.emplace<item>());
}

}  // namespace

std::optional<item> parse_item(std::string_view value) {
  std::string_view rest = scan::trim(value);
  item result;
  if (!take_item(rest, result) || !rest.empty()) return std::nullopt;
  return result;
}

std::optional<list> parse_list(std::string_view value) {
  std::string_view rest = scan::trim(value);
  list result;
  while (!rest.empty()) {
    if (result.size() == max_members || !take_member(rest, result.emplace_back())) return std::nullopt;
    if (!scan::take_separator(rest)) return std::nullopt;
  }
  return result;
}

std::optional<dictionary> parse_dictionary(std::string_view value) {
  std::string_view rest = scan::trim(value);
  dictionary result;
  while (!rest.empty()) {
    const std::string_view key = scan::take_key(rest);
    if (key.empty()) return std::nullopt;
    list_member m = item{true};
    if (scan::take_char(rest, '=')) {
      if (!take_member(rest, m)) return std::nullopt;
    } else if (!take_parameter_values(rest, std::get<item>(m).params)) {
      return std::nullopt;
    }
    if (!put(result, key, std::move(m), max_members) || !scan::take_separator(rest)) return std::nullopt;
  }
  return result;
}

}  // namespace parley::semantics::sf
