#include "semantics/vary.hpp"

#include <string>

#include "base/ascii.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

void add_vary(parley::fields& response, std::string_view name) {
  bool said = false;
  std::string all;
  for_each_element(response, field_id::vary, [&](std::string_view element) {
    said = said || element == "*" || base::iequals(element, name);
    if (!all.empty()) all += ", ";
    all += element;
  });
  if (said) return;
  if (!all.empty()) all += ", ";
  response.set("Vary", all.append(name));
}

bool varies_by(const parley::fields& response, std::string_view name) {
  bool said = false;
  for_each_element(response, field_id::vary,
                   [&](std::string_view element) { said = said || element == "*" || base::iequals(element, name); });
  return said;
}

}  // namespace parley::semantics
