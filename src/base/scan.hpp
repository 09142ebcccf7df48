// Searches over whole vectors of 16 bytes, each with a portable twin of the same meaning.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::base {

/// The index of the first byte that no field value may carry (RFC 9110 §5.5: a control character other than the tab),
/// or `text.size()`.
std::size_t find_not_field_value(std::string_view text);

/// The index of the first byte that no request-target may carry: a control character, a space, `#`, 0x7f to 0xff;
/// or `text.size()`.
std::size_t find_not_target(std::string_view text);

/// RFC 9110 §5.5, on trimmed text: nothing but field-vchar, spaces and tabs.
inline bool is_field_value(std::string_view text) { return find_not_field_value(text) == text.size(); }

// The portable twins, for tests and for processors without SSE2.
std::size_t find_not_field_value_portable(std::string_view text);
std::size_t find_not_target_portable(std::string_view text);

}  // namespace parley::base
