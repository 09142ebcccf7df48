#include "fieldcode/string_literal.hpp"

#include <cstring>

namespace parley::fieldcode {

char* write_string(std::string_view text, unsigned prefix, unsigned high, char* out) {
  const std::size_t coded = huffman::encoded_size(text);
  if (coded < text.size()) {
    out = encode_integer(out, coded, prefix - 1, high | 1U << (prefix - 1));
    return huffman::encode(text, out);
  }
  out = encode_integer(out, text.size(), prefix - 1, high);
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace parley::fieldcode
