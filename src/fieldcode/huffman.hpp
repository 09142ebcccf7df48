// The Huffman code of HPACK and QPACK (RFC 7541 §5.2 and Appendix B).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace parley::fieldcode::huffman {

/// The room that `decode` needs for `coded` bytes: the shortest code has five bits, and a step may write two bytes where it found one.
[[nodiscard]] constexpr std::size_t decoded_bound(std::size_t coded) { return coded * 8 / 5 + 2; }

/// Decodes into `out`, which has room for `decoded_bound(coded.size())` bytes, and returns how many it wrote. None for what RFC 7541
/// §5.2 forbids: padding of more than seven bits or with other bits than ones, and a code of the end-of-string symbol.
[[nodiscard]] std::optional<std::size_t> decode(std::string_view coded, char* out);

/// How many bytes `encode` will write.
[[nodiscard]] std::size_t encoded_size(std::string_view text);

/// Writes the code of `text`, padded: `encoded_size(text)` bytes; returns their end.
char* encode(std::string_view text, char* out);

}  // namespace parley::fieldcode::huffman
