#include "semantics/name_tag.hpp"

#include <array>

#include "base/ascii.hpp"

namespace parley::semantics {

namespace {
constexpr std::array<std::string_view, 6> pseudo_names{":method", ":scheme", ":authority", ":path", ":status", ":protocol"};
}  // namespace

name_tag tag_of(std::string_view name) noexcept {
  if (name.empty()) return invalid_name;
  if (name[0] == ':') {
    for (std::size_t i = 0; i < pseudo_names.size(); ++i) {
      if (name == pseudo_names[i]) return tag_of(static_cast<pseudo_field>(i));
    }
    return tag_of(pseudo_field::unknown);
  }
  // Known names are found without regard to case.
  const field_id id = find_field_name(name);
  if (id != field_id::unknown) return name == name_of(id) ? tag_of(id) : uppercase_name;
  name_tag tag = other_name;
  for (const char c : name) {
    if (!base::is_token_char(c)) return invalid_name;
    if (c >= 'A' && c <= 'Z') tag = uppercase_name;
  }
  return tag;
}

std::string_view name_of(pseudo_field f) noexcept {
  return f == pseudo_field::unknown ? std::string_view{} : pseudo_names[static_cast<std::size_t>(f)];
}

}  // namespace parley::semantics
