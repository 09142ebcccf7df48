// Fields against a plain list of pairs, and everything that reads their values.
//
// The input is a program: lines `+name:value` add, `=name:value` set, `-name` remove, `!` copies, `~` stores text; other lines are
// ignored.
#include <parley/fields.hpp>
#include <parley/media_type.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "semantics/connection_options.hpp"
#include "semantics/content_length.hpp"
#include "semantics/escape.hpp"
#include "semantics/list.hpp"
#include "semantics/negotiation.hpp"
#include "semantics/transfer_coding.hpp"

namespace {

namespace semantics = parley::semantics;
using access = parley::detail::fields_access;

void require(bool holds) {
  if (!holds) std::abort();
}

bool acceptable(std::string_view name, std::string_view value) {
  return name.size() < 65536 && parley::base::is_token(name) && parley::base::all_of_class(value, parley::base::class_field_value);
}

struct model {
  parley::fields real;
  std::vector<std::pair<std::string, std::string>> expected;
  std::vector<std::pair<parley::detail::text_ref, std::string>> stored;

  [[nodiscard]] auto named(std::string_view name) const {
    return [name](const auto& pair) { return parley::base::iequals(pair.first, name); };
  }

  void add(std::string_view name, std::string_view value) {
    const std::string_view trimmed = parley::base::trim_ows(value);
    try {
      real.add(name, value);
      require(acceptable(name, trimmed));
      expected.emplace_back(name, trimmed);
    } catch (const parley::invalid_field&) {
      require(!acceptable(name, trimmed));
    }
  }

  void set(std::string_view name, std::string_view value) {
    const std::string trimmed(parley::base::trim_ows(value));
    if (!acceptable(name, trimmed)) return;
    real.set(name, value);
    const auto first = std::find_if(expected.begin(), expected.end(), named(name));
    if (first == expected.end()) {
      expected.emplace_back(name, trimmed);
    } else {
      first->second = trimmed;
      expected.erase(std::remove_if(first + 1, expected.end(), named(name)), expected.end());
    }
  }

  void check() const {
    require(real.size() == expected.size());
    for (std::size_t i = 0; i < real.size(); ++i) require(real[i].name == expected[i].first && real[i].value == expected[i].second);
    for (const auto& [where, text] : stored) require(access::view(real, where) == text);
  }

  void run(std::string_view line) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(1, colon == 0 ? 0 : colon - 1);
    const std::string_view value = line.substr(std::min(colon + 1, line.size()));
    switch (line[0]) {
      case '+': return add(name, value);
      case '=': return set(name, value);
      case '-': return require(real.remove(name) == std::erase_if(expected, named(name)));
      case '~': stored.emplace_back(access::store(real, value), value); return;
      case '!': {
        parley::fields copy(real);
        require(copy == real);
        real = std::move(copy);
        return;
      }
      default: return;
    }
  }
};

void read_values(const parley::fields& f) {
  (void)semantics::agreed_content_length(f);
  (void)semantics::parse_connection_options(f);
  const auto codings = semantics::parse_transfer_encoding(f);
  if (semantics::is_exactly_chunked(f)) require(codings && codings->size == 1 && codings->final_is_chunked());
  constexpr std::string_view offers[] = {"text/html", "application/problem+json"};
  for (const auto& [name, value] : f) {
    const auto choice = semantics::preferred(value, offers);
    require(!choice || *choice < 2);
    semantics::list_reader list(value);
    while (const auto element = list.next()) {
      require(!element->empty());
      semantics::parameter_reader reader(semantics::split_parameters(*element).parameters);
      while (const auto found = reader.next()) require(!found->name.empty() && !found->raw.empty());
    }
    if (const auto type = parley::media_type::parse(value)) require(parley::media_type::parse(type->to_string()) == type);
    if (const auto text = semantics::unquote(value)) require(text->size() + 2 <= value.size());
    std::string json;
    semantics::append_json_string(json, value);
    require(semantics::is_utf8(json));
    std::string shown;
    semantics::append_printable(shown, value);
    require(semantics::is_utf8(shown) && shown.find('\n') == shown.npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  model m;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty()) m.run(line);
  }
  m.check();
  read_values(m.real);
  return 0;
}
