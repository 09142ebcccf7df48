// What the tests of this folder share: fields as values, blocks as hex.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "fieldcode/hpack_decoder.hpp"
#include "fieldcode/hpack_encoder.hpp"

namespace parley::fieldcode::test {

struct field {
  std::string name;
  std::string value;
  bool never_indexed = false;
  bool too_large = false;

  bool operator==(const field&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const field& f) {
    return out << f.name << ": " << f.value << (f.never_indexed ? " (never indexed)" : "") << (f.too_large ? " (too large)" : "");
  }
};
using field_list = std::vector<field>;

inline std::string unhex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return bytes;
}

inline std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[c & 15];
  }
  return text;
}

/// A tag that shows which name it was made of.
inline name_tag length_tag(std::string_view name) noexcept { return static_cast<name_tag>(name.size() + 1000); }

struct outcome {
  field_list fields;
  std::string error;  // the message, empty for none
};

/// The block lies in memory of exactly its size, so that AddressSanitizer sees a byte too many.
inline outcome decode(hpack_decoder& decoder, std::string_view block, std::size_t longest = 1 << 20) {
  const std::unique_ptr<char[]> exact(new char[block.size()]);
  block.copy(exact.get(), block.size());
  outcome made;
  const auto done = decoder.decode({exact.get(), block.size()}, longest, [&](const decoded_field& f) {
    EXPECT_EQ(f.tag, length_tag(f.name)) << f.name;
    made.fields.push_back({std::string(f.name), std::string(f.value), f.never_indexed, f.too_large});
  });
  if (!done) made.error = done.error().message;
  return made;
}

/// One line an entry, the newest first, and the size: as RFC 7541 Appendix C writes it.
inline std::string describe(const dynamic_table& table) {
  std::string text;
  for (std::size_t age = 0; age < table.count(); ++age) {
    const auto& e = table.newest(age);
    text.append(table.name(e)).append(": ").append(table.value(e)).append("\n");
  }
  return text + std::to_string(table.size());
}

inline void encode(hpack_encoder& encoder, std::string_view name, std::string_view value, std::string& block,
                   sensitivity s = sensitivity::by_name) {
  const std::size_t bound = hpack_encoder::bound(name, value);
  const std::unique_ptr<char[]> room(new char[bound]);
  block.append(room.get(), encoder.encode(name, value, s, room.get()));
}

inline std::string encode(hpack_encoder& encoder, const field_list& fields) {
  std::string block;
  for (const field& f : fields) encode(encoder, f.name, f.value, block);
  return block;
}

}  // namespace parley::fieldcode::test
