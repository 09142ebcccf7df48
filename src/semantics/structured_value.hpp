// Structured fields as values: items, lists, dictionaries and their parameters, both ways (RFC 9651, which replaces RFC 8941).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley::semantics::sf {

/// What RFC 9651 §3 has every implementation take; a value with more is refused, since keys are compared with each other.
inline constexpr std::size_t max_members = 1024;
inline constexpr std::size_t max_inner_items = 256;
inline constexpr std::size_t max_parameters = 256;

/// §3.3.2: at most 12 digits before the point and 3 behind it.
struct decimal {
  std::int64_t thousandths = 0;

  /// To the nearest thousandth, halves to the even one (§4.1.5); nothing when it has no place in a decimal.
  [[nodiscard]] static std::optional<decimal> from(double value);
  [[nodiscard]] double to_double() const { return static_cast<double>(thousandths) / 1000; }
  bool operator==(const decimal&) const = default;
};

/// §3.3.4
struct token {
  std::string text;
  bool operator==(const token&) const = default;
};

/// §3.3.5, decoded.
struct byte_sequence {
  std::string bytes;
  bool operator==(const byte_sequence&) const = default;
};

/// §3.3.7
struct date {
  std::int64_t seconds = 0;  // since 1970
  bool operator==(const date&) const = default;
};

/// §3.3.8
struct display_string {
  std::string text;  // UTF-8
  bool operator==(const display_string&) const = default;
};

/// §3.3; `std::string` is a String, so of visible ASCII and spaces.
using bare_item = std::variant<bool, std::int64_t, decimal, std::string, token, byte_sequence, date, display_string>;

/// §3.1.2: in order, each key once.
using parameters = std::vector<std::pair<std::string, bare_item>>;

struct item {
  bare_item value;
  parameters params = {};
  bool operator==(const item&) const = default;
};

struct inner_list {
  std::vector<item> items;
  parameters params = {};
  bool operator==(const inner_list&) const = default;
};

using list_member = std::variant<item, inner_list>;
using list = std::vector<list_member>;
/// In order, each key once.
using dictionary = std::vector<std::pair<std::string, list_member>>;

/// The value of a whole field: its lines joined by `, `. Nothing at any fault: the field is then ignored as a whole (§4.2).
[[nodiscard]] std::optional<item> parse_item(std::string_view value);
[[nodiscard]] std::optional<list> parse_list(std::string_view value);
[[nodiscard]] std::optional<dictionary> parse_dictionary(std::string_view value);

/// §4.1. Nothing when a part has no place in the grammar: a key, a number out of range, a string beyond ASCII, a token that is none,
/// text that is no UTF-8. An empty list or dictionary is empty text: such a field is not sent.
[[nodiscard]] std::optional<std::string> serialise(const item& value);
[[nodiscard]] std::optional<std::string> serialise(const list& value);
[[nodiscard]] std::optional<std::string> serialise(const dictionary& value);

/// The entry of that key; null when there is none. For dictionaries and parameters.
template <class Value>
[[nodiscard]] const Value* find(const std::vector<std::pair<std::string, Value>>& entries, std::string_view key) {
  for (const auto& [name, value] : entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

}  // namespace parley::semantics::sf
