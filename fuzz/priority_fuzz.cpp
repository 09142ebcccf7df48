// A Priority Field Value is read without a fault of memory, and what was read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "semantics/priority.hpp"
#include "semantics/structured.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace semantics = parley::semantics;
  // Memory of exactly that size.
  const auto exact = std::make_unique<char[]>(size);
  const std::string_view value(exact.get(), size);
  std::string_view(reinterpret_cast<const char*>(data), size).copy(exact.get(), size);

  semantics::sf::dictionary_reader members(value);
  while (const auto m = members.next()) {
    if (m->key.empty() || (!m->parameters.empty() && m->parameters[0] != ';')) std::abort();
  }
  const auto p = semantics::parse_priority(value);
  if (p.has_value() != members.valid()) std::abort();
  if (p && (p->urgency > semantics::priority::lowest || semantics::parse_priority(to_text(*p)) != p)) std::abort();
  return 0;
}
