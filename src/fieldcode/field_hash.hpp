// The hash by which an encoder finds what it has put into its table: seeded, and read in words, because it is paid for each field.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley::fieldcode {

namespace detail {

constexpr std::uint64_t hash_a = 0xa0761d6478bd642f;
constexpr std::uint64_t hash_b = 0xe7037ed1a0b428db;

[[nodiscard]] inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
template <class Word>
[[nodiscard]] std::uint64_t load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

}  // namespace detail

/// After the scheme of wyhash (Wang Yi). It is no proof against who sees its results; nobody does, and `field_index` bounds what
/// collisions cost.
[[nodiscard]] inline std::uint64_t field_hash(std::string_view text, std::uint64_t seed) {
  const char* p = text.data();
  std::size_t left = text.size();
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (left > 16) {
    for (; left > 16; left -= 16, p += 16) {
      seed = detail::fold(detail::load<std::uint64_t>(p) ^ detail::hash_a, detail::load<std::uint64_t>(p + 8) ^ seed);
    }
    first = detail::load<std::uint64_t>(p + left - 16);
    last = detail::load<std::uint64_t>(p + left - 8);
  } else if (left >= 8) {
    first = detail::load<std::uint64_t>(p);
    last = detail::load<std::uint64_t>(p + left - 8);
  } else if (left >= 4) {
    first = detail::load<std::uint32_t>(p);
    last = detail::load<std::uint32_t>(p + left - 4);
  } else if (left > 0) {
    first = static_cast<unsigned char>(p[0]) | static_cast<std::uint64_t>(static_cast<unsigned char>(p[left / 2])) << 8 |
            static_cast<std::uint64_t>(static_cast<unsigned char>(p[left - 1])) << 16;
  }
  return detail::fold(first ^ detail::hash_a ^ text.size(), last ^ detail::hash_b ^ seed);
}

}  // namespace parley::fieldcode
