// Base64 (RFC 4648 §4), as fields have it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::semantics {

enum class base64_strictness : std::uint8_t {
  exact,    // each value has one spelling: all of its padding, and no bits that stand for nothing (RFC 4648 §3.5)
  lenient,  // padding may lack and left-over bits may be any, as RFC 9651 §4.2.7 wants parsers to be
};

/// What `text` stands for; nothing when it is not valid, white space and line breaks included.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text, base64_strictness how = base64_strictness::exact);

/// With padding.
void append_base64(std::string& out, std::string_view bytes);
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace parley::semantics
