// What comes back from a row of the store and from a hidden field: what is read can be written and reads as the same, and nothing but what
// was sealed opens.
#include <parley/hidden_state.hpp>
#include <parley/session.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/session_text.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_row(std::string_view text) {
  const auto values = parley::store::values_of(text);
  if (!values) return;
  const std::string written = parley::store::text_of_values(*values);
  const auto again = parley::store::values_of(written);
  // By their text: a number that is none equals nothing.
  require(again && parley::store::text_of_values(*again) == written && again->size() == values->size());
}

void check_seal(std::string_view text) {
  static const parley::hidden_state with = [] {
    parley::hidden_state made(parley::secret_keys(), "fuzz");
    made.clock([] { return std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)); });
    return made;
  }();
  require(!with.open(text));  // nobody has the key

  parley::hidden_state::values values;
  std::string_view rest = text;
  for (int i = 0; i < 4 && !rest.empty(); ++i) {
    const std::string_view piece = rest.substr(0, rest.find('\n'));
    values.emplace_back("n" + std::to_string(i), piece);
    rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
  }
  std::string sealed = with.seal(values, text.substr(0, 3));
  require(with.open(sealed, text.substr(0, 3)) == values);
  require(!with.open(sealed, "another"));
  // One letter becomes that of the input.
  if (text.size() < 2) return;
  char& letter = sealed[static_cast<unsigned char>(text[0]) % sealed.size()];
  const bool same = letter == text[1];
  letter = text[1];
  require(with.open(sealed, text.substr(0, 3)).has_value() == same);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_row(text);
  check_seal(text);
  return 0;
}
