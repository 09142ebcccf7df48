#include "store/session_text.hpp"

#include <bit>
#include <charconv>
#include <cstdint>
#include <utility>

// `1` for the version, then for each value: a letter for its kind, the name, the value; both with their length before them: `5:hello`.

namespace parley::store {

namespace {

constexpr char text_version = '1';

void append_piece(std::string& out, std::string_view piece) {
  out += std::to_string(piece.size());
  out += ':';
  out += piece;
}

std::optional<std::string_view> take_piece(std::string_view& text) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end == text.data() + text.size() || *end != ':') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  if (length > text.size()) return std::nullopt;
  const std::string_view piece = text.substr(0, length);
  text.remove_prefix(length);
  return piece;
}

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

// A double as its bits: no rounding, and no locale.
std::optional<session_value> value_of(char kind, std::string_view text) {
  if (kind == 's') return session_value(std::in_place_type<std::string>, text);
  if (kind == 'b' && (text == "0" || text == "1")) return session_value(std::in_place_type<bool>, text == "1");
  if (kind == 'i') {
    const auto n = whole_number<std::int64_t>(text);
    if (n) return session_value(std::in_place_type<std::int64_t>, *n);
  }
  if (kind == 'd') {
    const auto bits = whole_number<std::uint64_t>(text);
    if (bits) return session_value(std::in_place_type<double>, std::bit_cast<double>(*bits));
  }
  return std::nullopt;
}

}  // namespace

std::string text_of_key(const session_key& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : key.bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string text_of_values(const session_values& values) {
  std::string text(1, text_version);
  for (const auto& [name, value] : values) {
    if (const std::string* s = std::get_if<std::string>(&value)) {
      text += 's';
      append_piece(text, name);
      append_piece(text, *s);
    } else if (const bool* b = std::get_if<bool>(&value)) {
      text += 'b';
      append_piece(text, name);
      append_piece(text, *b ? "1" : "0");
    } else if (const std::int64_t* n = std::get_if<std::int64_t>(&value)) {
      text += 'i';
      append_piece(text, name);
      append_piece(text, std::to_string(*n));
    } else {
      text += 'd';
      append_piece(text, name);
      append_piece(text, std::to_string(std::bit_cast<std::uint64_t>(std::get<double>(value))));
    }
  }
  return text;
}

std::optional<session_values> values_of(std::string_view text) {
  if (text.empty() || text.front() != text_version) return std::nullopt;
  text.remove_prefix(1);
  session_values values;
  while (!text.empty()) {
    const char kind = text.front();
    text.remove_prefix(1);
    const auto name = take_piece(text);
    if (!name) return std::nullopt;
    const auto written = take_piece(text);
    if (!written) return std::nullopt;
    auto value = value_of(kind, *written);
    if (!value) return std::nullopt;
    values.insert_or_assign(std::string(*name), *std::move(value));
  }
  return values;
}

}  // namespace parley::store
