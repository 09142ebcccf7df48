// Searches within a line, 16 bytes at a time. Inline twins of base/scan for the innermost loop of the head parser, where the end of
// the readable bytes is near and a call would cost as much as the search.
#pragma once

#include <bit>
#include <cstddef>

#if defined(__SSE2__) && !defined(PARLEY_PORTABLE_SCAN)
#include <emmintrin.h>
#define PARLEY_H1_SSE2 1
#else
#define PARLEY_H1_SSE2 0
#endif

namespace parley::h1::line_scan {

namespace portable {

/// The first control character (below 0x20, or 0x7f) other than the tab in [p, end), or `end`. `floor` is the start of readable memory.
inline const char* find_control(const char* p, const char* end, [[maybe_unused]] const char* floor) {
  for (; p != end; ++p) {
    const auto c = static_cast<unsigned char>(*p);
    if ((c < 0x20 && c != '\t') || c == 0x7f) return p;
  }
  return end;
}

/// The first colon in [p, end), or `end`.
inline const char* find_colon(const char* p, const char* end, [[maybe_unused]] const char* limit) {
  while (p != end && *p != ':') ++p;
  return p;
}

}  // namespace portable

#if PARLEY_H1_SSE2

inline unsigned control_mask(const char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  // Below 0x20 without sign: the smaller of the byte and 0x1f is the byte itself.
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, del)));
}

inline const char* find_control(const char* p, const char* end, const char* floor) {
  while (true) {
    unsigned mask = 0;
    while (end - p >= 16) {
      mask = control_mask(p);
      if (mask != 0) break;
      p += 16;
    }
    if (mask == 0) {
      if (p == end) return end;
      if (end - floor < 16) return portable::find_control(p, end, floor);
      // The last vector overlaps what was searched already; its lower bits are dropped.
      mask = control_mask(end - 16) >> (16 - (end - p));
      if (mask == 0) return end;
    }
    p += std::countr_zero(mask);
    if (*p != '\t') [[likely]]
      return p;
    ++p;
  }
}

/// `limit`: the end of readable memory, behind `end`.
inline const char* find_colon(const char* p, const char* end, const char* limit) {
  while (limit - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'))));
    if (mask != 0) {
      p += std::countr_zero(mask);
      return p < end ? p : end;
    }
    p += 16;
    if (p >= end) return end;
  }
  return portable::find_colon(p, end, limit);
}

#else

using portable::find_colon;
using portable::find_control;

#endif

}  // namespace parley::h1::line_scan
