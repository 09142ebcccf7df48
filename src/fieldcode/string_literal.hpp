// String literals (RFC 7541 §5.2) whose length may begin within a byte (RFC 9204 §4.1.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fieldcode/huffman.hpp"
#include "fieldcode/prefix_integer.hpp"

namespace parley::fieldcode {

enum class string_fault : std::uint8_t {
  truncated,  // the bytes end within it
  integer,    // its length is larger than any that makes sense
  huffman,    // wrong padding, or the end-of-string symbol
};

/// Where Huffman-coded literals are decoded: within the call's frame, or for long ones on the heap.
struct literal_memory {
  static constexpr std::size_t inline_size = 512;
  std::array<char, inline_size> name;
  std::array<char, inline_size> value;
  std::vector<char> large_name;
  std::vector<char> large_value;
  literal_memory() {}  // NOLINT: the arrays stay as they are
};

/// A string's bytes as they came.
struct coded_string {
  std::string_view bytes;
  bool huffman = false;
  /// Behind it; null when it does not end within the bytes, or is wrong.
  const char* end = nullptr;
  /// Why `end` is null.
  string_fault fault = string_fault::truncated;
  /// How many bytes it has with its length, as far as that is known: at least one more than there are when it is truncated.
  std::uint64_t size = 0;
  /// The length that it says, when that is whole, also of a truncated one.
  std::uint64_t length = 0;
};

/// Finds the string that begins in the lower `Prefix` bits at `p`: one bit for Huffman's code, and the length.
template <unsigned Prefix>
[[nodiscard]] inline coded_string find_string(const char* p, const char* end) {
  const auto have = static_cast<std::uint64_t>(end - p);
  coded_string found;
  if (have == 0) {
    found.size = 1;
    return found;
  }
  found.huffman = (static_cast<unsigned char>(*p) & (1U << (Prefix - 1))) != 0;
  const decoded_integer length = decode_integer(p, end, Prefix - 1);
  if (length.progress == integer_progress::overflow) {
    found.fault = string_fault::integer;
    return found;
  }
  if (length.progress == integer_progress::more) {
    found.size = have + 1;
    return found;
  }
  found.length = length.value;
  found.size = static_cast<std::uint64_t>(length.end - p) + length.value;
  if (found.size > have) return found;
  found.bytes = {length.end, static_cast<std::size_t>(length.value)};
  found.end = length.end + length.value;
  return found;
}

/// The text of a string that was found, in `small` or `large` if it is Huffman coded; false when that code is wrong.
[[nodiscard]] inline bool decode_string(const coded_string& found, char* small, std::vector<char>& large, std::string_view& text) {
  text = found.bytes;
  if (!found.huffman) return true;
  const std::size_t bound = huffman::decoded_bound(text.size());
  char* to = small;
  if (bound > literal_memory::inline_size) {
    if (large.size() < bound) large.resize(bound);
    to = large.data();
  }
  const auto decoded = huffman::decode(text, to);
  if (!decoded) return false;
  text = {to, *decoded};
  return true;
}

/// Both: behind the string, or null and the fault.
template <unsigned Prefix>
[[nodiscard]] inline const char* read_string(const char* p, const char* end, char* small, std::vector<char>& large,
                                             std::string_view& text, string_fault& fault) {
  const coded_string found = find_string<Prefix>(p, end);
  fault = found.fault;
  if (found.end == nullptr) return nullptr;
  if (decode_string(found, small, large, text)) return found.end;
  fault = string_fault::huffman;
  return nullptr;
}

/// Writes `text` as a string that begins in the lower `prefix` bits at `out`, Huffman coded where that is shorter; `high` gives the first
/// byte's other bits. At most `text.size() + integer_bytes`; returns their end.
char* write_string(std::string_view text, unsigned prefix, unsigned high, char* out);

}  // namespace parley::fieldcode
