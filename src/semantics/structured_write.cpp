#include <cmath>
#include <cstdint>
#include <utility>
#include <variant>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/base64.hpp"
#include "semantics/escape.hpp"
#include "semantics/structured_scan.hpp"
#include "semantics/structured_value.hpp"

namespace parley::semantics::sf {

namespace {

constexpr std::int64_t largest_number = 999'999'999'999'999;  // §4.1.4

// Appends to a text; false once something has no place in the grammar.
class value_writer {
 public:
  bool write(const bare_item& value) {
    return std::visit([&](const auto& v) { return write_one(v); }, value);
  }
  bool write(const item& value) { return write(value.value) && write(value.params); }
  bool write(const inner_list& value) {
    text += '(';
    for (const item& one : value.items) {
      if (&one != &value.items.front()) text += ' ';
      if (!write(one)) return false;
    }
    text += ')';
    return write(value.params);
  }
  bool write(const parameters& params) {
    for (const auto& [key, value] : params) {
      text += ';';
      if (!write_key(key)) return false;
      if (value == bare_item(true)) continue;
      text += '=';
      if (!write(value)) return false;
    }
    return true;
  }
  bool write(const list_member& member) {
    return std::visit([&](const auto& v) { return write(v); }, member);
  }
  bool write_key(std::string_view key) {
    text += key;
    return !key.empty() && scan::take_key(key).data() != nullptr && key.empty();
  }

  std::string text;

 private:
  bool write_one(bool value) {
    text += value ? "?1" : "?0";
    return true;
  }
  bool write_one(std::int64_t value) {
    if (value > largest_number || value < -largest_number) return false;
    if (value < 0) text += '-';
    base::append_decimal(text, static_cast<std::uint64_t>(value < 0 ? -value : value));
    return true;
  }
  // §4.1.5: at least one digit behind the point, no zeros that say nothing.
  bool write_one(decimal value) {
    std::int64_t n = value.thousandths;
    if (n > largest_number || n < -largest_number) return false;
    if (n < 0) text += '-';
    n = n < 0 ? -n : n;
    base::append_decimal(text, static_cast<std::uint64_t>(n / 1000));
    text += '.';
    const auto digit = [&](std::int64_t d) { text += static_cast<char>('0' + d % 10); };
    digit(n / 100);
    if (n % 100 != 0) digit(n / 10);
    if (n % 10 != 0) digit(n);
    return true;
  }
  bool write_one(const std::string& value) {
    text += '"';
    for (const char c : value) {
      if (c < 0x20 || c >= 0x7f) return false;
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
    return true;
  }
  bool write_one(const token& value) {
    std::string_view rest = value.text;
    member m;
    text += value.text;
    return scan::take_bare_item(rest, m) && m.what == type::token && rest.empty();
  }
  bool write_one(const byte_sequence& value) {
    text += ':';
    append_base64(text, value.bytes);
    text += ':';
    return true;
  }
  bool write_one(date value) {
    text += '@';
    return write_one(value.seconds);
  }
  // §4.1.11
  bool write_one(const display_string& value) {
    if (!is_utf8(value.text)) return false;
    text += "%\"";
    for (const char c : value.text) {
      if (c >= 0x20 && c < 0x7f && c != '"' && c != '%') {
        text += c;
        continue;
      }
      constexpr std::string_view digits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      text += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    text += '"';
    return true;
  }
};

}  // namespace

std::optional<decimal> decimal::from(double value) {
  const double scaled = std::nearbyint(value * 1000);
  if (!(std::abs(scaled) <= static_cast<double>(largest_number))) return std::nullopt;
  return decimal{static_cast<std::int64_t>(scaled)};
}

std::optional<std::string> serialise(const item& value) {
  value_writer out;
  if (!out.write(value)) return std::nullopt;
  return std::move(out.text);
}

std::optional<std::string> serialise(const list& value) {
  value_writer out;
  for (const list_member& m : value) {
    if (&m != &value.front()) out.text += ", ";
    if (!out.write(m)) return std::nullopt;
  }
  return std::move(out.text);
}

std::optional<std::string> serialise(const dictionary& value) {
  value_writer out;
  for (const auto& [key, m] : value) {
    if (!out.text.empty()) out.text += ", ";
    if (!out.write_key(key)) return std::nullopt;
    const item* const one = std::get_if<item>(&m);
    if (one != nullptr && one->value == bare_item(true)) {
      if (!out.write(one->params)) return std::nullopt;
      continue;
    }
    out.text += '=';
    if (!out.write(m)) return std::nullopt;
  }
  return std::move(out.text);
}

}  // namespace parley::semantics::sf
