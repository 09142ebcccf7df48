// Dictionaries of structured fields (RFC 9651 §3.2, §4.2.2), read without copies. `structured_value.hpp` has all types, as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::semantics::sf {

enum class type : std::uint8_t { integer, decimal, string, token, binary, boolean, inner_list, date, display_string };

/// One member of a dictionary. Its views lie in the value that was read.
struct member {
  std::string_view key;
  type what = type::boolean;
  /// An integer, a boolean as 0 or 1, a decimal in thousandths, a date in seconds since 1970; 0 for the others.
  std::int64_t number = 0;
  /// The value as it stands there, with its quotes, colons or parentheses; empty for a key alone, which is true.
  std::string_view text;
  /// What follows it: valid, and empty or beginning with `;`.
  std::string_view parameters;
};

/// Reads the members of one dictionary in order. Where a key comes again, the last one counts (§4.2.2).
class dictionary_reader {
 public:
  explicit dictionary_reader(std::string_view value);

  /// The next member. Nothing at the end, or at a fault: see `valid`. At a fault the whole dictionary is to be ignored (§4.2).
  std::optional<member> next();
  [[nodiscard]] bool valid() const { return valid_; }

 private:
  std::optional<member> fail();

  std::string_view rest_;
  bool valid_ = true;
};

}  // namespace parley::semantics::sf
