// Link (RFC 8288), both ways.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::semantics {

/// So many links of one value, and parameters of one link, are read.
inline constexpr std::size_t max_links = 128;
inline constexpr std::size_t max_link_parameters = 32;

struct link_parameter {
  std::string name;   // lower case, without the asterisk of an extended one
  std::string value;  // UTF-8 where it was an extended one
  bool operator==(const link_parameter&) const = default;
};

struct link_value {
  std::string target;                           // a URI reference, relative to the URL of the representation
  std::vector<std::string> relations;           // lower case: `next`, `preload`
  std::vector<link_parameter> parameters = {};  // in order; not the relations

  /// The first value of that name; null when there is none.
  [[nodiscard]] const std::string* get(std::string_view name) const;
  [[nodiscard]] bool has_relation(std::string_view relation) const;
  bool operator==(const link_value&) const = default;
};

/// RFC 8288 appendix B.2: what precedes a fault counts. Of `rel`, `anchor`, `media`, `title` and `type` the first counts, and an extended
/// parameter (`title*`) before the plain one.
[[nodiscard]] std::vector<link_value> parse_links(std::string_view value);

/// `</style.css>; rel="preload"; as="style"`. Nothing when the target or a parameter's name has no place in the field, or a value has
/// controls; values beyond ASCII are written in the extended form.
[[nodiscard]] std::optional<std::string> to_text(const link_value& link);

}  // namespace parley::semantics
