#include "semantics/field_name.hpp"

#include <array>
#include <cstring>

#include "base/ascii.hpp"

namespace parley::semantics {
namespace {

constexpr std::array<std::string_view, field_id_count> canonical_names{std::string_view{},
#define PARLEY_FIELD_TEXT(identifier, text) std::string_view{text},
                                                                       PARLEY_FIELD_NAMES(PARLEY_FIELD_TEXT)
#undef PARLEY_FIELD_TEXT
};

// Lower-case text, padded so that whole words can be read.
struct known_name {
  std::uint8_t length = 0;
  std::array<char, 47> text{};
};

constexpr auto known_names = [] {
  std::array<known_name, field_id_count> table{};
  for (std::size_t i = 1; i < field_id_count; ++i) {
    table[i].length = static_cast<std::uint8_t>(canonical_names[i].size());
    for (std::size_t j = 0; j < canonical_names[i].size(); ++j) table[i].text[j] = base::to_lower(canonical_names[i][j]);
  }
  return table;
}();

constexpr bool words_can_be_compared() {
  for (std::string_view name : canonical_names) {
    for (char c : name) {
      if (!base::is_alpha(c) && !base::is_digit(c) && c != '-') return false;
    }
  }
  return true;
}
// `same_word` takes every byte with bit 6 for a letter, and 0x5f would become 0x7f.
static_assert(words_can_be_compared(), "known names are made of letters, digits and '-'");

// Five bytes and the length tell all known names apart. Bit 5 is set so that case does not matter.
constexpr std::uint64_t signature(std::string_view name) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(name[i]) | 0x20); };
  const std::size_t n = name.size();
  return at(0) | at(n / 3) << 8 | at(n / 2) << 16 | at(n - 2) << 24 | at(n - 1) << 32 | static_cast<std::uint64_t>(n) << 40;
}

constexpr unsigned hash_bits = 11;
constexpr std::size_t hash_of(std::uint64_t signature, std::uint64_t multiplier) {
  return static_cast<std::size_t>(signature * multiplier >> (64 - hash_bits));
}

struct hash_table {
  std::uint64_t multiplier = 0;
  std::array<std::uint8_t, std::size_t{1} << hash_bits> ids{};  // 0 for none
};
static_assert(field_id_count <= 256, "ids of the table have eight bits");

constexpr bool fill(hash_table& table, std::uint64_t multiplier) {
  table = hash_table{multiplier, {}};
  for (std::size_t i = 1; i < field_id_count; ++i) {
    auto& id = table.ids[hash_of(signature(canonical_names[i]), multiplier)];
    if (id != 0) return false;
    id = static_cast<std::uint8_t>(i);
  }
  return true;
}

// The first multiplier of a sequence that gives each name a place of its own. Starting where the search ended the last time keeps
// the compiler's work small; it goes on by itself when names are added.
constexpr hash_table make_table() {
  std::uint64_t multiplier = 0x9e3779b97f4a7c15;
  hash_table table;
  while (!fill(table, multiplier)) multiplier = multiplier * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
  return table;
}

constexpr hash_table table = make_table();

template <class Word>
bool same_word(const char* name, const char* lower) {
  Word given = 0;
  Word known = 0;
  std::memcpy(&given, name, sizeof given);
  std::memcpy(&known, lower, sizeof known);
  constexpr Word bit6 = static_cast<Word>(0x4040404040404040);
  // A letter is given in either case: its bit 5 may differ. Digits and '-' (bit 6 clear) have to be the same.
  return static_cast<Word>(given | ((known & bit6) >> 1)) == known;
}

// Words that overlap cover every length without a loop over single bytes.
bool same_name(const char* name, const char* lower, std::size_t size) {
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      if (!same_word<std::uint64_t>(name + i, lower + i)) return false;
    }
    return same_word<std::uint64_t>(name + size - 8, lower + size - 8);
  }
  if (size >= 4) return same_word<std::uint32_t>(name, lower) && same_word<std::uint32_t>(name + size - 4, lower + size - 4);
  return same_word<std::uint16_t>(name, lower) && same_word<std::uint16_t>(name + size - 2, lower + size - 2);
}

}  // namespace

field_id find_field_name(std::string_view name) noexcept {
  if (name.size() < 2) return field_id::unknown;
  const std::size_t id = table.ids[hash_of(signature(name), table.multiplier)];
  // Slot 0 has length 0, which no name here has.
  const known_name& known = known_names[id];
  if (known.length != name.size() || !same_name(name.data(), known.text.data(), name.size())) return field_id::unknown;
  return static_cast<field_id>(id);
}

std::string_view name_of(field_id id) noexcept {
  const known_name& known = known_names[static_cast<std::size_t>(id)];
  return {known.text.data(), known.length};
}

std::string_view canonical_name_of(field_id id) noexcept { return canonical_names[static_cast<std::size_t>(id)]; }

}  // namespace parley::semantics
