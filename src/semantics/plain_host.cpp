#include "semantics/plain_host.hpp"

#include <bit>
#include <cstddef>

#if defined(__SSE2__) && !defined(PARLEY_PORTABLE_SCAN)
#include <emmintrin.h>
#define PARLEY_PLAIN_HOST_SSE2
#endif

#include "base/ascii.hpp"

namespace parley::semantics {

#if defined(PARLEY_PLAIN_HOST_SSE2)

bool is_plain_host(std::string_view value, const char* readable) {
  constexpr std::size_t vector = 16;
  if (value.empty() || readable == nullptr || readable - value.data() < static_cast<std::ptrdiff_t>(vector)) return false;
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(value.data()));
  // Without sign: a letter with bit 5 set is at most 25 from `a`; `-`, `.`, `/` and the digits are at most 12 from `-`.
  const __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i other = _mm_sub_epi8(bytes, _mm_set1_epi8('-'));
  const __m128i good = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                                    _mm_cmpeq_epi8(_mm_min_epu8(other, _mm_set1_epi8(12)), other));
  const unsigned slash = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('/'))));
  const unsigned bad = (~static_cast<unsigned>(_mm_movemask_epi8(good)) | slash) & 0xffff;
  const std::size_t name = bad == 0 ? vector : static_cast<std::size_t>(std::countr_zero(bad));
  if (name >= value.size()) return value.size() <= vector;
  if (name == 0 || name == vector || value[name] != ':') return false;
  const std::string_view port = value.substr(name + 1);
  if (port.size() > 5) return false;
  if (value.size() <= vector) {
    const __m128i number = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    const __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
    const unsigned wanted = (1U << value.size()) - (2U << name);
    if ((static_cast<unsigned>(_mm_movemask_epi8(digit)) & wanted) != wanted) return false;
  } else if (!base::all_of_class(port, base::class_digit)) {
    return false;
  }
  // Digits of one length: in the order of their numbers.
  return port.size() < 5 || port[0] < '6' || port <= "65535";
}

#else

bool is_plain_host(std::string_view, const char*) { return false; }

#endif

}  // namespace parley::semantics
