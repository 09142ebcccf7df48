// Whether two short texts are the same, without a call: names and values mostly are, once their hashes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley::fieldcode {

namespace detail {

template <class Word>
[[nodiscard]] bool same_word(std::string_view a, std::string_view b, std::size_t at) {
  Word left;
  Word right;
  std::memcpy(&left, a.data() + at, sizeof left);
  std::memcpy(&right, b.data() + at, sizeof right);
  return left == right;
}

}  // namespace detail

/// As `a == b`.
[[nodiscard]] inline bool same_text(std::string_view a, std::string_view b) {
  const std::size_t n = a.size();
  if (n != b.size()) return false;
  if (n >= 8) {
    for (std::size_t at = 0; at + 8 < n; at += 8) {
      if (!detail::same_word<std::uint64_t>(a, b, at)) return false;
    }
    return detail::same_word<std::uint64_t>(a, b, n - 8);  // what was compared already may be again
  }
  if (n >= 4) return detail::same_word<std::uint32_t>(a, b, 0) && detail::same_word<std::uint32_t>(a, b, n - 4);
  for (std::size_t at = 0; at < n; ++at) {
    if (a[at] != b[at]) return false;
  }
  return true;
}

}  // namespace parley::fieldcode
