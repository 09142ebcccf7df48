#include "h1/plain_lines.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ascii.hpp"
#include "h1/line_scan.hpp"
#include "semantics/field_name_list.hpp"

namespace parley::h1 {

#if PARLEY_H1_SSE2

namespace plain {

// Names are compared as whole vectors, the colon behind them included, with bit 5 of every byte set. No byte but a letter in either
// case, a digit, `-` or a control character becomes one of those that known names consist of; the latter are refused below.
constexpr std::size_t vector = 16;
constexpr std::size_t longest = 2 * vector - 1;

struct folded_name {
  alignas(vector) std::array<char, 2 * vector> text{};
};

constexpr std::array<std::string_view, 1 + 0
#define PARLEY_H1_COUNT(identifier, text) +1
                                                   PARLEY_FIELD_NAMES(PARLEY_H1_COUNT)
#undef PARLEY_H1_COUNT
                                       >
    names{
        std::string_view{},
#define PARLEY_H1_NAME(identifier, text) std::string_view{text},
        PARLEY_FIELD_NAMES(PARLEY_H1_NAME)
#undef PARLEY_H1_NAME
    };
static_assert(names.size() <= 256, "ids of the tables have eight bits");

constexpr auto folded_names = [] {
  std::array<folded_name, names.size()> table{};
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i].size() > longest) continue;
    for (std::size_t j = 0; j < names[i].size(); ++j) table[i].text[j] = static_cast<char>(names[i][j] | 0x20);
    table[i].text[names[i].size()] = ':';
  }
  return table;
}();

constexpr std::uint64_t fold_word = 0x2020202020202020;

// The last eight bytes of a name, fewer shifted to the high end: with its length they tell the known names apart.
constexpr std::uint64_t last_word(std::string_view name) {
  std::uint64_t word = 0;
  for (const char c : name.substr(name.size() < 8 ? 0 : name.size() - 8)) {
    word = word >> 8 | static_cast<std::uint64_t>(static_cast<unsigned char>(c)) << 56;
  }
  return word;
}

constexpr unsigned hash_bits = 11;

constexpr std::size_t hash(std::uint64_t last, std::size_t size, std::uint64_t factor) {
  return static_cast<std::size_t>(((last | fold_word) + (size << 5)) * factor >> (64 - hash_bits));
}

struct hash_table {
  std::uint64_t factor = 0;
  std::array<std::uint8_t, std::size_t{1} << hash_bits> ids{};  // each name has a place of its own
};

constexpr bool fill(hash_table& table, std::uint64_t factor) {
  table = {factor, {}};
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i].size() > longest) continue;
    std::uint8_t& id = table.ids[hash(last_word(names[i]), names[i].size(), factor)];
    if (id != 0) return false;
    id = static_cast<std::uint8_t>(i);
  }
  return true;
}

constexpr hash_table ids = [] {
  hash_table table;
  std::uint64_t factor = 0x2545f4914f6cdd1d;
  while (!fill(table, factor)) factor = factor * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
  return table;
}();

inline __m128i load(const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

inline unsigned equal(__m128i a, __m128i b) { return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(a, b))); }

inline unsigned equal_folded(const char* name, const char* known) {
  return equal(_mm_or_si128(load(name), _mm_set1_epi8(0x20)), _mm_load_si128(reinterpret_cast<const __m128i*>(known)));
}

/// The id that a name of this size has, if it has one. Eight bytes before its end, or behind its start, can be read.
inline std::size_t candidate(const char* name, std::size_t size) {
  std::uint64_t word = 0;
  if (size >= 8) {
    std::memcpy(&word, name + size - 8, 8);
  } else {
    std::memcpy(&word, name, 8);
    word = size == 0 ? 0 : word << (64 - 8 * size);
  }
  return ids.ids[hash(word, size, ids.factor)];
}

/// The id of a name of 16 to 31 bytes, 0 for none.
[[gnu::noinline]] std::size_t find_long_name(const char* line, std::size_t& size) {
  const unsigned colons = equal(load(line + vector), _mm_set1_epi8(':'));
  if (colons == 0) return 0;
  size = vector + static_cast<std::size_t>(std::countr_zero(colons));
  const std::size_t id = candidate(line, size);
  const char* const known = folded_names[id].text.data();
  const unsigned wanted = colons ^ (colons - 1);  // up to the first colon
  return equal_folded(line, known) == 0xffff && (equal_folded(line + vector, known + vector) & wanted) == wanted ? id : 0;
}

/// The id of the name that ends at the first colon, 0 for none. 32 bytes can be read.
[[gnu::always_inline]] inline std::size_t find_name(const char* line, std::size_t& size) {
  const unsigned colons = equal(load(line), _mm_set1_epi8(':'));
  if (colons == 0) [[unlikely]] return find_long_name(line, size);
  size = static_cast<std::size_t>(std::countr_zero(colons));
  const std::size_t id = candidate(line, size);
  const unsigned wanted = colons ^ (colons - 1);
  return (equal_folded(line, folded_names[id].text.data()) & wanted) == wanted ? id : 0;
}

// The first byte at or behind `p` that is not a visible one of ASCII or a space; null when the vectors up to `last` have none.
[[gnu::always_inline]] inline const char* find_not_plain(const char* p, const char* last) {
  for (; p <= last; p += vector) {
    const __m128i bytes = load(p);
    // The highest bit of a byte less 0x20 is set below 0x20 and from 0xa0 on; that of a byte plus 1 from 0x7f to 0xfe.
    const __m128i high = _mm_or_si128(_mm_sub_epi8(bytes, _mm_set1_epi8(0x20)), _mm_add_epi8(bytes, _mm_set1_epi8(1)));
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(high))) return p + std::countr_zero(mask);
  }
  return nullptr;
}

}  // namespace plain

plain_lines read_plain_lines(std::string_view head, std::size_t position, std::size_t longest_line, parley::detail::field_slot* slots,
                             std::size_t room) {
  plain_lines found{position, 0, {}};
  if (head.size() - position < 2 * plain::vector) return found;
  const char* const begin = head.data();
  const char* line = begin + position;
  // Within these bytes no line can be too long.
  const char* const end = line + std::min(head.size() - position, longest_line);
  const char* const last_line = end - 2 * plain::vector;
  const char* const last_vector = end - plain::vector - 1;  // so that one more byte can be read
  parley::detail::field_slot* slot = slots;
  parley::detail::field_slot* const slots_end = slots + room;
  head_controls controls;
  while (line <= last_line && slot != slots_end) {
    std::size_t name_size = 0;
    const std::size_t id = plain::find_name(line, name_size);
    const char* const value = line + name_size + 2;
    if (id == 0 || value > last_vector || value[-1] != ' ' || *value == ' ') break;
    const char* const at = plain::find_not_plain(value, last_vector);
    if (at == nullptr || at[0] != '\r' || at[1] != '\n' || at[-1] == ' ') break;
    *slot++ = {.name_offset = static_cast<std::uint32_t>(line - begin),
               .value_offset = static_cast<std::uint32_t>(value - begin),
               .value_length = static_cast<std::uint32_t>(at - value),
               .name_length = static_cast<std::uint16_t>(name_size),
               .id = static_cast<std::uint16_t>(id)};
    controls.note(id);
    line = at + 2;
  }
  found.position = static_cast<std::size_t>(line - begin);
  found.count = static_cast<std::size_t>(slot - slots);
  found.controls = controls;
  return found;
}

#else

plain_lines read_plain_lines(std::string_view, std::size_t position, std::size_t, parley::detail::field_slot*, std::size_t) {
  return {position, 0, {}};
}

#endif

}  // namespace parley::h1
