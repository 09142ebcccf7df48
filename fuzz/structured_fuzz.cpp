// Structured fields: what is read can be written and reads as the same; both readers of dictionaries agree.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "semantics/structured.hpp"
#include "semantics/structured_value.hpp"

namespace {

namespace sf = parley::semantics::sf;

template <class Parse>
void check(Parse parse, std::string_view value) {
  const auto parsed = parse(value);
  if (!parsed) return;
  const auto text = sf::serialise(*parsed);
  if (!text) std::abort();
  const auto again = parse(*text);
  if (!again || *again != *parsed || sf::serialise(*again) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto exact = std::make_unique<char[]>(size);
  const std::string_view value(exact.get(), size);
  std::string_view(reinterpret_cast<const char*>(data), size).copy(exact.get(), size);

  check(sf::parse_item, value);
  check(sf::parse_list, value);
  check(sf::parse_dictionary, value);

  sf::dictionary_reader members(value);
  std::size_t count = 0;
  while (members.next()) ++count;
  const auto dictionary = sf::parse_dictionary(value);
  if (dictionary && (!members.valid() || dictionary->size() > count)) std::abort();
  if (!dictionary && members.valid() && count <= sf::max_inner_items && size < sf::max_inner_items) std::abort();
  return 0;
}
