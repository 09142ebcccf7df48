// Percent-encoding and forms.
#include <parley/uri.hpp>

#include <algorithm>

#include "base/ascii.hpp"

namespace parley {
namespace {

constexpr char upper_hex[] = "0123456789ABCDEF";

void append_percent(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', upper_hex[byte >> 4], upper_hex[byte & 15]};
}

// The byte that the escape at `at` stands for, -1 when there is no valid one.
int escape_at(std::string_view text, std::size_t at) {
  if (text.size() - at < 3 || text[at] != '%') return -1;
  const int high = base::hex_value(text[at + 1]);
  const int low = base::hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

// URL standard, "application/x-www-form-urlencoded parsing".
std::string decode_form(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const int byte = escape_at(text, i); byte >= 0) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

void append_form(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == ' ') {
      out += '+';
    } else if (base::is_alpha(c) || base::is_digit(c) || c == '*' || c == '-' || c == '.' || c == '_') {
      out += c;
    } else {
      append_percent(out, c);
    }
  }
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int byte = escape_at(text, i);
    if (byte < 0) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text, std::string_view also_keep) {
  std::string encoded;
  encoded.reserve(text.size());
  for (char c : text) {
    if (base::is_class(c, base::class_unreserved) || also_keep.find(c) != also_keep.npos) {
      encoded += c;
    } else {
      append_percent(encoded, c);
    }
  }
  return encoded;
}

query_parameters::iterator& query_parameters::iterator::operator++() {
  while (!rest_.empty()) {
    const std::string_view pair = rest_.substr(0, rest_.find('&'));
    rest_.remove_prefix(std::min(pair.size() + 1, rest_.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    at_ = pair.data();
    done_ = false;
    current_.name = decode_form(pair.substr(0, equals));
    current_.value = decode_form(pair.substr(std::min(equals + 1, pair.size())));
    return *this;
  }
  at_ = nullptr;
  done_ = true;
  return *this;
}

std::optional<std::string> query_parameters::get(std::string_view name) const {
  for (const parameter& p : *this) {
    if (p.name == name) return p.value;
  }
  return std::nullopt;
}

std::vector<std::string> query_parameters::get_all(std::string_view name) const {
  std::vector<std::string> values;
  for (const parameter& p : *this) {
    if (p.name == name) values.push_back(p.value);
  }
  return values;
}

std::string form_encode(const std::vector<query_parameters::parameter>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += '&';
    append_form(text, name);
    text += '=';
    append_form(text, value);
  }
  return text;
}

}  // namespace parley
