// Media types (RFC 9110 §8.3.1).
#pragma once

#include <parley/config.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// `type/subtype` with parameters, as in a Content-Type field.
class PARLEY_API media_type {
 public:
  struct parameter {
    std::string name;   // lower case
    std::string value;  // unquoted
    friend bool operator==(const parameter&, const parameter&) = default;
  };

  /// Nothing when `text` breaks the grammar or names a parameter twice.
  [[nodiscard]] static std::optional<media_type> parse(std::string_view text);

  /// Lower case.
  [[nodiscard]] std::string_view type() const { return std::string_view(essence_).substr(0, slash_); }
  /// Lower case.
  [[nodiscard]] std::string_view subtype() const { return std::string_view(essence_).substr(slash_ + 1); }
  /// `type/subtype` in lower case.
  [[nodiscard]] const std::string& essence() const { return essence_; }
  /// The subtype's structured syntax suffix without `+` (RFC 6839): `json` for `application/problem+json`; empty for none.
  [[nodiscard]] std::string_view suffix() const;
  /// In the order they were given.
  [[nodiscard]] const std::vector<parameter>& parameters() const { return parameters_; }
  /// The value of the parameter of that name (any case), such as `charset` or `boundary`.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;

  /// Whether it falls under `range`: `*` and `type/*` are wildcards, and each parameter of the range must be there with that value.
  [[nodiscard]] bool matches(const media_type& range) const;
  /// Parses the range; false when it is none.
  [[nodiscard]] bool matches(std::string_view range) const;

  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const media_type&, const media_type&) = default;

 private:
  std::string essence_;
  std::size_t slash_ = 0;
  std::vector<parameter> parameters_;
};

}  // namespace parley
