#include "base/scan.hpp"

#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/ascii.hpp"

namespace parley::base {

std::size_t find_not_field_value_portable(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && is_class(text[i], class_field_value)) ++i;
  return i;
}

std::size_t find_not_target_portable(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && is_class(text[i], class_target)) ++i;
  return i;
}

#if defined(__SSE2__)

namespace {

// Bit i is set when byte i is at fault.
struct field_value_faults {
  static constexpr unsigned char_class = class_field_value;
  static int mask(__m128i bytes) {
    // Below 0x20 without sign: the smaller of the byte and 0x1f is the byte itself.
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    return _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del));
  }
};

struct target_faults {
  static constexpr unsigned char_class = class_target;
  static int mask(__m128i bytes) {
    // As signed bytes, 0x80 to 0xff are negative: less than 0x21 like the controls and the space.
    const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x21));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    const __m128i hash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#'));
    return _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(del, hash)));
  }
};

template <class Faults>
std::size_t scan_vectors(std::string_view text) {
  const auto load = [&](std::size_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at)); };
  const std::size_t size = text.size();
  if (size < 16) {
    std::size_t i = 0;
    while (i < size && is_class(text[i], Faults::char_class)) ++i;
    return i;
  }
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    if (const int faults = Faults::mask(load(i)))
      return i + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(faults)));
  }
  if (i == size) return size;
  // The last vector overlaps the one before, which has no faults.
  i = size - 16;
  const int faults = Faults::mask(load(i));
  return faults ? i + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(faults))) : size;
}

}  // namespace

std::size_t find_not_field_value(std::string_view text) { return scan_vectors<field_value_faults>(text); }
std::size_t find_not_target(std::string_view text) { return scan_vectors<target_faults>(text); }

#else

std::size_t find_not_field_value(std::string_view text) { return find_not_field_value_portable(text); }
std::size_t find_not_target(std::string_view text) { return find_not_target_portable(text); }

#endif

}  // namespace parley::base
