#include "semantics/priority.hpp"

#include "semantics/fields_access.hpp"
#include "semantics/structured.hpp"

namespace parley::semantics {

namespace {

// RFC 9218 §4: what is unknown, of another type or out of range is ignored.
void take_member(const sf::member& m, priority& p) {
  if (m.key == "u") {
    if (m.what == sf::type::integer && m.number >= 0 && m.number <= priority::lowest)
      p.urgency = static_cast<std::uint8_t>(m.number);
  } else if (m.key == "i") {
    if (m.what == sf::type::boolean) p.incremental = m.number != 0;
  }
}

// False at a fault. Of a repeated key the last one counts (RFC 9651 §4.2.2): it overwrites, whatever its type.
bool take_line(std::string_view value, priority otherwise, priority& p) {
  sf::dictionary_reader members(value);
  while (const auto m = members.next()) {
    if (m->key == "u") p.urgency = otherwise.urgency;
    if (m->key == "i") p.incremental = otherwise.incremental;
    take_member(*m, p);
  }
  return members.valid();
}

}  // namespace

std::optional<priority> parse_priority(std::string_view value, priority otherwise) {
  priority p = otherwise;
  if (!take_line(value, otherwise, p)) return std::nullopt;
  return p;
}

// The lines of a dictionary are one list (RFC 9651 §4.2), so a fault in one spoils all.
priority priority_of(const parley::fields& f, priority otherwise) {
  using access = parley::detail::fields_access;
  priority p = otherwise;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const auto& slot = access::slot(f, i);
    if (slot.id != static_cast<std::uint16_t>(field_id::priority)) continue;
    if (!take_line(access::value(f, slot), otherwise, p)) return otherwise;
  }
  return p;
}

std::string to_text(priority p) {
  std::string text;
  if (p.urgency != priority{}.urgency) text = {'u', '=', static_cast<char>('0' + p.urgency)};
  if (p.incremental) text += text.empty() ? "i" : ", i";
  return text;
}

}  // namespace parley::semantics
