#include "fieldcode/huffman.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace parley::fieldcode::huffman {
namespace {

constexpr std::size_t symbols = 257;
constexpr unsigned end_of_string = 256;
constexpr unsigned longest_code = 30;

// RFC 7541 Appendix B. The code is canonical: the lengths, and the order of the symbols, give all of it.
constexpr std::array<std::uint8_t, symbols> code_lengths = {13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
                                                            28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  //
                                                            6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,
                                                            5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10,  //
                                                            13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
                                                            7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,  //
                                                            15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,
                                                            6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,  //
                                                            20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
                                                            24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  //
                                                            22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
                                                            21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  //
                                                            26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
                                                            19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  //
                                                            20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
                                                            26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  //
                                                            30};

struct canonical_code {
  std::array<std::uint32_t, symbols> code{};   // of each symbol
  std::array<std::uint16_t, symbols> order{};  // the symbols by their codes
  // Of each length: the first code and one past the last, both as the upper bits of a 32-bit window, and where its symbols begin.
  std::array<std::uint64_t, longest_code + 1> first{};
  std::array<std::uint64_t, longest_code + 1> limit{};
  std::array<std::uint16_t, longest_code + 1> begin{};
};

constexpr canonical_code make_code() {
  canonical_code made;
  std::uint32_t next = 0;
  std::uint16_t at = 0;
  for (unsigned length = 1; length <= longest_code; ++length) {
    next <<= 1;
    made.first[length] = std::uint64_t{next} << (32 - length);
    made.begin[length] = at;
    for (unsigned symbol = 0; symbol < symbols; ++symbol) {
      if (code_lengths[symbol] != length) continue;
      made.code[symbol] = next++;
      made.order[at++] = static_cast<std::uint16_t>(symbol);
    }
    made.limit[length] = std::uint64_t{next} << (32 - length);
  }
  return made;
}
constexpr canonical_code the_code = make_code();
static_assert(the_code.code[end_of_string] == 0x3fffffff && the_code.limit[longest_code] == std::uint64_t{1} << 32,
              "the code is complete, and its last is that of the end of the string");

// One look at the next bits gives up to two symbols.
constexpr unsigned step_bits = 12;
struct alignas(4) step {
  std::uint8_t symbol[2];
  std::uint8_t bits;            // of all; 0: a code longer than a step
  std::uint8_t first_bits : 4;  // of the first symbol
  std::uint8_t count : 4;
};
constexpr std::array<step, std::size_t{1} << step_bits> make_steps() {
  std::array<step, std::size_t{1} << step_bits> made{};
  const auto fill = [&made](std::uint32_t code, unsigned bits, step what) {
    const std::uint32_t first = code << (step_bits - bits);
    const std::uint32_t count = std::uint32_t{1} << (step_bits - bits);
    for (std::uint32_t i = 0; i < count; ++i) made[first + i] = what;
  };
  // In the order of the codes their lengths rise.
  for (const std::uint16_t a : the_code.order) {
    const unsigned bits = code_lengths[a];
    if (bits > step_bits) break;
    const auto n = static_cast<std::uint8_t>(bits);
    fill(the_code.code[a], bits, {{static_cast<std::uint8_t>(a), 0}, n, n, 1});
    for (const std::uint16_t b : the_code.order) {
      const unsigned both = bits + code_lengths[b];
      if (both > step_bits) break;
      fill((the_code.code[a] << code_lengths[b]) | the_code.code[b], both,
           {{static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)}, static_cast<std::uint8_t>(both), n, 2});
    }
  }
  return made;
}
constexpr auto steps = make_steps();

std::uint64_t load_big(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

// The last `left` (1 to 7) bytes of `text`, from the top of a word.
std::uint64_t load_last(std::string_view text, std::size_t left) {
  if (text.size() >= 8) return load_big(text.data() + text.size() - 8) << (64 - 8 * left);
  std::uint64_t word = 0;
  for (std::size_t i = text.size() - left; i < text.size(); ++i) word = word << 8 | static_cast<unsigned char>(text[i]);
  return word << (64 - 8 * left);
}

struct long_symbol {
  unsigned symbol;
  unsigned bits;
};

// The symbol at the front of a window whose code is longer than a step.
long_symbol find_long(std::uint64_t window) {
  const std::uint64_t front = window >> 32;
  unsigned length = step_bits + 1;
  while (front >= the_code.limit[length]) ++length;  // the last limit is above every window
  const std::uint64_t offset = (front - the_code.first[length]) >> (32 - length);
  return {the_code.order[the_code.begin[length] + offset], length};
}

}  // namespace

std::optional<std::size_t> decode(std::string_view coded, char* out) {
  char* const start = out;
  const char* p = coded.data();
  const char* const end = p + coded.size();
  std::uint64_t window = 0;  // the next bits, from the top
  unsigned have = 0;         // how many of them are input

  while (end - p >= 8) {
    // All of the word goes in; what does not fit whole is read again next time.
    window |= load_big(p) >> have;
    p += (63 - have) >> 3;
    have |= 56;
    for (int i = 0; i < 4; ++i) {
      const step& s = steps[window >> (64 - step_bits)];
      if (s.bits == 0) [[unlikely]] {
        if (have < longest_code) break;
        const long_symbol found = find_long(window);
        if (found.symbol == end_of_string) return std::nullopt;
        *out++ = static_cast<char>(found.symbol);
        window <<= found.bits;
        have -= found.bits;
        if (have < 4 * step_bits) break;
        continue;
      }
      std::memcpy(out, s.symbol, 2);
      out += s.count;
      window <<= s.bits;
      have -= s.bits;
    }
  }
  while (true) {
    if (p != end && have <= 56) {
      const auto left = static_cast<std::size_t>(end - p);
      const std::size_t taken = std::min<std::size_t>(left, (64 - have) / 8);
      // The window's lowest bits may hold what was read in advance: they are the same bits.
      window |= load_last(coded, left) >> have;
      have += static_cast<unsigned>(8 * taken);
      p += taken;
    }
    while (have >= step_bits) {
      const step& s = steps[window >> (64 - step_bits)];
      if (s.bits == 0) [[unlikely]]
        break;
      std::memcpy(out, s.symbol, 2);
      out += s.count;
      window <<= s.bits;
      have -= s.bits;
    }
    if (p != end && have < longest_code) continue;
    if (have == 0) break;
    // One symbol: a long one, or near the end of the input, behind which the window is filled with ones. They complete no code but that
    // of the end of the string.
    const std::uint64_t filled = have >= 64 ? window : window | (~std::uint64_t{0} >> have);
    const step& s = steps[filled >> (64 - step_bits)];
    const long_symbol found = s.bits != 0 ? long_symbol{s.symbol[0], s.first_bits} : find_long(filled);
    if (found.bits > have) {
      // RFC 7541 §5.2: the most significant bits of the end of the string's code, fewer than eight.
      if (have < 8 && filled == ~std::uint64_t{0}) break;
      return std::nullopt;
    }
    if (found.symbol == end_of_string) return std::nullopt;
    *out++ = static_cast<char>(found.symbol);
    window <<= found.bits;
    have -= found.bits;
  }
  return static_cast<std::size_t>(out - start);
}

std::size_t encoded_size(std::string_view text) {
  std::size_t bits = 0;
  for (const char c : text) bits += code_lengths[static_cast<unsigned char>(c)];
  return (bits + 7) / 8;
}

char* encode(std::string_view text, char* out) {
  std::uint64_t window = 0;
  unsigned have = 0;
  for (const char c : text) {
    const auto symbol = static_cast<unsigned char>(c);
    window = (window << code_lengths[symbol]) | the_code.code[symbol];
    have += code_lengths[symbol];
    if (have < 32) continue;
    have -= 32;
    auto word = static_cast<std::uint32_t>(window >> have);
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap32(word);
    std::memcpy(out, &word, sizeof word);
    out += sizeof word;
  }
  if (have % 8 != 0) {
    const unsigned padding = 8 - have % 8;
    window = (window << padding) | ((1U << padding) - 1);
    have += padding;
  }
  for (; have != 0; have -= 8) *out++ = static_cast<char>(window >> (have - 8));
  return out;
}

}  // namespace parley::fieldcode::huffman
