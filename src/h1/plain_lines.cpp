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

// Names are compared as whole vectors, the colon behind them included. Bit 5 is set only where the known name has a letter: set
// everywhere it would make a CR equal to `-`, and `Content<CR>Length` a Content-Length.
constexpr std::size_t vector = 16;
constexpr std::size_t longest = 2 * vector - 1;

struct folded_name {
  alignas(vector) std::array<char, 2 * vector> text{};
  alignas(vector) std::array<char, 2 * vector> case_bits{};
  std::uint64_t control = 0;  // as head_controls counts it
  std::uint32_t tail = 0;     // the last four bytes of its slots: length and id
};

constexpr std::array<std::string_view, 1 + 0
#define PARLEY_H1_COUNT(identifier, text) +1
                                           PARLEY_FIELD_NAMES(PARLEY_H1_COUNT)
#undef PARLEY_H1_COUNT
                     >
    names{std::string_view{},
#define PARLEY_H1_NAME(identifier, text) std::string_view{text},
          PARLEY_FIELD_NAMES(PARLEY_H1_NAME)
#undef PARLEY_H1_NAME
    };
constexpr auto folded_names = [] {
  std::array<folded_name, names.size()> table{};
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i].size() > longest) continue;
    for (std::size_t j = 0; j < names[i].size(); ++j) {
      table[i].text[j] = base::to_lower(names[i][j]);
      table[i].case_bits[j] = base::is_alpha(names[i][j]) ? 0x20 : 0;
    }
    table[i].text[names[i].size()] = ':';
    table[i].control = control_of_id[i];
    table[i].tail = static_cast<std::uint32_t>(names[i].size() | i << 16);
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
  std::array<std::uint16_t, std::size_t{1} << hash_bits> ids{};  // each name has a place of its own
};

constexpr bool fill(hash_table& table, std::uint64_t factor) {
  table = {factor, {}};
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i].size() > longest) continue;
    std::uint16_t& id = table.ids[hash(last_word(names[i]), names[i].size(), factor)];
    if (id != 0) return false;
    id = static_cast<std::uint16_t>(i);
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

/// Which of the 16 bytes from `from` on are those of the known name, in either case.
inline unsigned equal_letters(const char* name, const folded_name& known, std::size_t from) {
  const auto at = [from](const auto& bytes) { return _mm_load_si128(reinterpret_cast<const __m128i*>(bytes.data() + from)); };
  return equal(_mm_or_si128(load(name + from), at(known.case_bits)), at(known.text));
}

/// The known name that a name of this size is, if it is one. Eight bytes before its end, or behind its start, can be read.
inline const folded_name& candidate(const char* name, std::uint32_t size) {
  std::uint64_t word = 0;
  if (size >= 8) {
    std::memcpy(&word, name + size - 8, 8);
  } else {
    std::memcpy(&word, name, 8);
    word = size == 0 ? 0 : word << (64 - 8 * size);
  }
  return folded_names[ids.ids[hash(word, size, ids.factor)]];
}

inline std::uint32_t first_bit(unsigned mask) { return static_cast<std::uint32_t>(std::countr_zero(mask)); }

/// A name of 16 to 31 bytes; null for none.
[[gnu::noinline]] const folded_name* find_long_name(const char* line) {
  const unsigned colons = equal(load(line + vector), _mm_set1_epi8(':'));
  if (colons == 0) return nullptr;
  const folded_name& known = candidate(line, vector + first_bit(colons));
  const unsigned wanted = colons ^ (colons - 1);  // up to the first colon
  if (equal_letters(line, known, 0) != 0xffff) return nullptr;
  return (equal_letters(line, known, vector) & wanted) == wanted ? &known : nullptr;
}

/// The name that ends at the first colon; null for none. 32 bytes can be read.
[[gnu::always_inline]] inline const folded_name* find_name(const char* line) {
  const unsigned colons = equal(load(line), _mm_set1_epi8(':'));
  if (colons == 0) [[unlikely]]
    return find_long_name(line);
  const folded_name& known = candidate(line, first_bit(colons));
  const unsigned wanted = colons ^ (colons - 1);
  return (equal_letters(line, known, 0) & wanted) == wanted ? &known : nullptr;
}

// The highest bit of each byte that does not lie from `lowest` to 0x7e: less `lowest` it is beyond the distance, and adding what lacks
// to 0x80, without overflow, shows that.
template <char Lowest>
inline __m128i outside(__m128i bytes) {
  return _mm_adds_epu8(_mm_sub_epi8(bytes, _mm_set1_epi8(Lowest)), _mm_set1_epi8(Lowest + 1));
}

inline unsigned high_bits(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }

// The first byte at or behind `p` that is not a visible one of ASCII or a space; null when the vectors up to `last` have none.
[[gnu::always_inline]] inline const char* find_not_plain(const char* p, const char* last) {
  do {
    if (const unsigned mask = high_bits(outside<' '>(load(p)))) return p + first_bit(mask);
    p += vector;
  } while (p <= last);
  return nullptr;
}

inline bool is_line_end(const char* p) {
  std::uint16_t two = 0;
  std::memcpy(&two, p, 2);
  return two == 0x0a0d;
}

inline std::uint64_t eight_at(const char* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, 8);
  return word;
}

consteval std::uint64_t eight_of(std::string_view text) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  return word;
}

struct target_end {
  const char* end = nullptr;    // the first byte that no request-target may carry
  const char* query = nullptr;  // the first `?` before it
};

inline target_end find_target_end(const char* p, const char* last) {
  target_end found;
  for (; p <= last; p += vector) {
    const __m128i bytes = load(p);
    // A space ends a target, and so does `#`; `?` is only looked at.
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('?')));
    unsigned mask = high_bits(_mm_or_si128(outside<'!'>(bytes), marks));
    for (; mask != 0; mask &= mask - 1) {
      const char* const at = p + first_bit(mask);
      if (*at != '?') {
        found.end = at;
        return found;
      }
      if (found.query == nullptr) found.query = at;
    }
  }
  return found;
}

// Lines of one piece of memory, whose first byte stands at `offset` in the head; where the first one begins that was not taken.
[[gnu::always_inline]] inline const char* read_lines(std::string_view piece, std::size_t offset, parley::detail::field_slot*& slot,
                                                     const parley::detail::field_slot* slots_end, head_controls& controls) {
  const char* line = piece.data();
  const char* const last_line = line + piece.size() - 2 * vector;
  const char* const last_vector = line + piece.size() - vector - 1;  // so that one more byte can be read
  const auto offset_of = [&](const char* p) {
    return static_cast<std::uint32_t>(offset + static_cast<std::size_t>(p - piece.data()));
  };
  while (line <= last_line && slot != slots_end) {
    const folded_name* const name = find_name(line);
    if (name == nullptr) break;
    const std::uint32_t tail = name->tail;
    const char* const value = line + (tail & 0xffff) + 2;
    if (value > last_vector || value[-1] != ' ' || *value == ' ') break;
    const char* const at = find_not_plain(value, last_vector);
    if (at == nullptr || !is_line_end(at) || at[-1] == ' ') break;
    const std::array<std::uint32_t, 4> words{offset_of(line), offset_of(value), static_cast<std::uint32_t>(at - value), tail};
    static_assert(sizeof words == sizeof *slot);
    std::memcpy(slot++, words.data(), sizeof words);
    controls.count_as(name->control);
    line = at + 2;
  }
  return line;
}

// The last lines of a head are too near its end for whole vectors, so they are read from a copy with room behind it. Nothing of that room
// is taken for a part of them: no name, value or end of a line has a NUL.
constexpr std::size_t longest_end = 4 * vector;
constexpr std::size_t room_behind = 3 * vector;
// What counts as more of the head, so that no line is looked for in its last two bytes.
constexpr std::size_t room_shown = 2 * vector - 3;

}  // namespace plain

plain_lines read_plain_lines(std::string_view head, std::size_t position, std::size_t longest_line,
                             parley::detail::field_slot* slots, std::size_t room) {
  parley::detail::field_slot* slot = slots;
  const parley::detail::field_slot* const slots_end = slots + std::min(room, head_controls::most_counted);
  head_controls controls;
  if (head.size() - position >= 2 * plain::vector) {
    // Within these bytes no line can be too long.
    const std::string_view lines = head.substr(position, longest_line);
    if (lines.size() >= 2 * plain::vector) {
      const char* const line = plain::read_lines(lines, position, slot, slots_end, controls);
      position += static_cast<std::size_t>(line - lines.data());
    }
  }
  const std::string_view end = head.substr(position);
  if (end.size() > 2 && end.size() <= std::min(plain::longest_end, longest_line) && slot != slots_end) {
    std::array<char, plain::longest_end + plain::room_behind> copy;
    std::memcpy(copy.data(), end.data(), end.size());
    std::memset(copy.data() + end.size(), 0, plain::room_behind);
    const std::string_view lines(copy.data(), end.size() + plain::room_shown);
    const char* const line = plain::read_lines(lines, position, slot, slots_end, controls);
    position += static_cast<std::size_t>(line - lines.data());
  }
  return {position, static_cast<std::size_t>(slot - slots), controls};
}

std::size_t read_plain_request_line(std::string_view head, std::size_t longest_line, request_line& out) {
  constexpr std::uint64_t five_bytes = 0xff'ffff'ffff;
  constexpr std::uint64_t six_bytes = 0xffff'ffff'ffff;
  const std::size_t size = std::min(head.size(), longest_line);
  if (size < 3 * plain::vector) return 0;
  const char* const begin = head.data();
  const std::uint64_t start = plain::eight_at(begin);
  std::uint32_t offset = 4;
  if ((start & five_bytes) != (plain::eight_of("GET /   ") & five_bytes)) {
    if ((start & six_bytes) != (plain::eight_of("POST /  ") & six_bytes)) return 0;
    offset = 5;
  }
  const char* const target = begin + offset;
  // The last vector leaves room for what follows the target.
  const auto found = plain::find_target_end(target, begin + size - 2 * plain::vector);
  if (found.end == nullptr || *found.end != ' ' || plain::eight_at(found.end + 1) != plain::eight_of("HTTP/1.1")) return 0;
  if (!plain::is_line_end(found.end + 9)) return 0;

  const auto length = static_cast<std::uint32_t>(found.end - target);
  const auto path = found.query != nullptr ? static_cast<std::uint32_t>(found.query - target) : length;
  out.method = offset == 4 ? parley::method::get : parley::method::post;
  out.version = parley::version::http1_1;
  out.target = {offset, length};
  out.parts = {};
  out.parts.path = {0, path};
  if (path < length) out.parts.query = {path + 1, length - path - 1};
  return static_cast<std::size_t>(found.end + 11 - begin);
}

#else

plain_lines read_plain_lines(std::string_view, std::size_t position, std::size_t, parley::detail::field_slot*, std::size_t) {
  return {position, 0, {}};
}

std::size_t read_plain_request_line(std::string_view, std::size_t, request_line&) { return 0; }

#endif

}  // namespace parley::h1
