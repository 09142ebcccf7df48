// Base64 with the alphabet for URLs and file names (RFC 4648 §5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::semantics {

/// What `text` stands for; it has no padding and no line breaks. Nothing when it is not valid, bits that stand for nothing included
/// (RFC 4648 §3.5): each value has one spelling.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

/// Without padding.
[[nodiscard]] std::string encode_base64url(std::string_view bytes);

}  // namespace parley::semantics
