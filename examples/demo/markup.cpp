#include "markup.hpp"

#include <parley/response.hpp>

#include <algorithm>
#include <stdexcept>

namespace demo {

markup fill(std::string_view page, std::initializer_list<slot> values) {
  markup filled;
  for (;;) {
    const auto open = page.find("{{");
    filled.text_ += page.substr(0, open);
    if (open == page.npos) return filled;
    page.remove_prefix(open + 2);
    const auto close = page.find("}}");
    const std::string_view name = page.substr(0, close);
    const auto* value = std::ranges::find(values, name, &slot::name_);
    if (close == page.npos || value == values.end()) throw std::logic_error("no value for {{" + std::string(name) + "}}");
    filled.text_ += value->escape_ ? parley::html_escape(value->text_) : std::string(value->text_);
    page.remove_prefix(close + 2);
  }
}

}  // namespace demo
