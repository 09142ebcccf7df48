#include "semantics/message_head.hpp"

#include "semantics/field_name.hpp"

#include <utility>

namespace parley {

detail::ready_lines::ready_lines(parley::fields lines) : fields(std::move(lines)) {
  for (const auto& line : fields) text.append(line.name).append(": ").append(line.value).append("\r\n");
}

void detail::append_ready(parley::fields& to, const ready_lines& lines) {
  for (std::size_t i = 0; i < lines.fields.size(); ++i) {
    const field_slot& slot = fields_access::slot(lines.fields, i);
    fields_access::append(to, static_cast<semantics::field_id>(slot.id), fields_access::name(lines.fields, slot),
                          fields_access::value(lines.fields, slot));
  }
}

semantics::response_head semantics::whole_head(const response_head& head) {
  response_head whole;
  whole.status = head.status;
  whole.version = head.version;
  whole.reason_ref = head.reason_ref;
  whole.fields = head.fields;
  for (const auto* lines : head.ready) {
    if (lines != nullptr) parley::detail::append_ready(whole.fields, *lines);
  }
  return whole;
}

}  // namespace parley
