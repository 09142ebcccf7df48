// Copies of short text, for which a call of memcpy costs more than the copy. They read and write nothing beyond the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/ascii.hpp"

namespace parley::base {

namespace copy_detail {

// Two words that overlap cover every size from theirs to twice theirs.
template <class Word>
inline void copy_ends(char* out, const char* from, std::size_t size) {
  Word first;
  Word last;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  std::memcpy(out, &first, sizeof first);
  std::memcpy(out + size - sizeof last, &last, sizeof last);
}

}  // namespace copy_detail

/// Copies `text` to `out`, which it does not overlap.
inline void copy_short(char* out, std::string_view text) {
  const char* const from = text.data();
  const std::size_t size = text.size();
  if (size > 64) {
    std::memcpy(out, from, size);
  } else if (size >= 16) {
    for (std::size_t i = 0; i + 16 < size; i += 16) std::memcpy(out + i, from + i, 16);
    std::memcpy(out + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    copy_detail::copy_ends<std::uint64_t>(out, from, size);
  } else if (size >= 4) {
    copy_detail::copy_ends<std::uint32_t>(out, from, size);
  } else if (size >= 2) {
    copy_detail::copy_ends<std::uint16_t>(out, from, size);
  } else if (size == 1) {
    *out = *from;
  }
}

/// The same; whether all of it may stand in a field value (RFC 9110 §5.5: no control character but the tab).
inline bool copy_field_value_portable(char* out, std::string_view text) {
  copy_short(out, text);
  return all_of_class(text, class_field_value);
}

#if defined(__SSE2__)

namespace copy_detail {

inline __m128i value_faults(__m128i bytes) {
  // Below 0x20 without sign: the smaller of the byte and 0x1f is the byte itself.
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return _mm_or_si128(_mm_andnot_si128(tab, control), del);
}

inline __m128i load16(const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline void store16(char* p, __m128i bytes) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes); }

}  // namespace copy_detail

inline bool copy_field_value(char* out, std::string_view text) {
  using namespace copy_detail;
  const char* const from = text.data();
  const std::size_t size = text.size();
  if (size >= 16) {
    const __m128i end = load16(from + size - 16);
    __m128i faults = value_faults(end);
    for (std::size_t i = 0; i + 16 < size; i += 16) {
      const __m128i bytes = load16(from + i);
      faults = _mm_or_si128(faults, value_faults(bytes));
      store16(out + i, bytes);
    }
    store16(out + size - 16, end);
    return _mm_movemask_epi8(faults) == 0;
  }
  if (size >= 8) {
    const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    const __m128i last = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + size - 8));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), first);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + size - 8), last);
    return _mm_movemask_epi8(value_faults(_mm_unpacklo_epi64(first, last))) == 0;
  }
  if (size >= 4) {
    std::int32_t first = 0;
    std::int32_t last = 0;
    std::memcpy(&first, from, 4);
    std::memcpy(&last, from + size - 4, 4);
    std::memcpy(out, &first, 4);
    std::memcpy(out + size - 4, &last, 4);
    const __m128i both = _mm_unpacklo_epi32(_mm_cvtsi32_si128(first), _mm_cvtsi32_si128(last));
    return (_mm_movemask_epi8(value_faults(both)) & 0xff) == 0;
  }
  bool good = true;
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = from[i];
    good = is_class(from[i], class_field_value) && good;
  }
  return good;
}

#else

inline bool copy_field_value(char* out, std::string_view text) { return copy_field_value_portable(out, text); }

#endif

}  // namespace parley::base
