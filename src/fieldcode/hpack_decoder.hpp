// Decodes the field blocks of one direction of an HTTP/2 connection (RFC 7541).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "fieldcode/decoded_field.hpp"
#include "fieldcode/dynamic_table.hpp"
#include "fieldcode/hpack_static_table.hpp"
#include "fieldcode/string_literal.hpp"

namespace parley::fieldcode {

/// Why a block cannot be decoded; the texts are literals. The decoder's state is lost, and with it the connection: COMPRESSION_ERROR
/// (RFC 9113 §4.3).
struct field_error {
  std::string_view name;
  std::string_view message;
  std::string_view section;
};

class hpack_decoder {
 public:
  /// `limit`: the SETTINGS_HEADER_TABLE_SIZE in force, 4,096 until we announce another and it is acknowledged (RFC 9113 §6.5.2).
  explicit hpack_decoder(name_tagger tagger, std::size_t limit = 4096);

  /// Our SETTINGS_HEADER_TABLE_SIZE, once the peer has acknowledged it (at most `dynamic_table::largest_capacity`). When it is lower than
  /// what the peer uses, its next block must begin with an update that obeys it (RFC 7541 §4.2).
  void set_limit(std::size_t limit);

  /// Decodes one whole field block and calls `sink(const decoded_field&)` for each field, in order. A name or value of more than
  /// `longest` bytes, and of more than the table's capacity, is reported as too large and its text left out. How much is decoded in all
  /// is the sink's to watch: a field of the table costs the peer one byte and us no copy; a sink that has had enough ignores the rest,
  /// which still must be decoded for the table's sake.
  ///
  /// The time is linear in the block and the number of its fields; nothing is allocated once the table has grown to its use, but for
  /// literals of more than some hundred bytes that are Huffman coded (1.6 times their size for the call).
  template <class Sink>
  std::expected<void, field_error> decode(std::string_view block, std::size_t longest, Sink&& sink) {
    const char* p = block.data();
    const char* const end = p + block.size();
    if (update_required_ || (p != end && is_update(*p))) {
      p = read_updates(p, end);
      if (p == nullptr) return std::unexpected(*error_);
    }
    literal_memory memory;
    while (p != end) {
      const auto first = static_cast<unsigned char>(*p);
      decoded_field field;
      if ((first & 0x80) != 0) {  // an indexed field, RFC 7541 §6.1
        std::size_t index = first & 0x7fU;
        ++p;
        if (index - 1 < hpack_static_count) [[likely]] {
          field.name = hpack_static_table[index].name;
          field.value = hpack_static_table[index].value;
          field.tag = static_tags_[index];
        } else {
          if (index == 0x7f) p = read_long_index(p, end, index);
          if (p == nullptr || !find_dynamic(index, field)) return std::unexpected(*error_);
        }
      } else {
        p = read_literal(p, end, longest, memory, field);
        if (p == nullptr) return std::unexpected(*error_);
      }
      sink(static_cast<const decoded_field&>(field));
    }
    return {};
  }

  /// Gives back what the table's entries do not need.
  void fit() { table_.fit(); }

  /// The dynamic table, for those who show or count it.
  [[nodiscard]] const dynamic_table& table() const { return table_; }

 private:
  static bool is_update(char first) { return (static_cast<unsigned char>(first) & 0xe0) == 0x20; }
  [[nodiscard]] const char* read_updates(const char* p, const char* end);
  [[nodiscard]] const char* read_long_index(const char* p, const char* end, std::size_t& index);
  [[nodiscard]] const char* read_literal(const char* p, const char* end, std::size_t longest, literal_memory& memory,
                                         decoded_field& field);
  [[nodiscard]] const char* read_text(const char* p, const char* end, char* small, std::vector<char>& large,
                                      std::string_view& text);
  [[nodiscard]] const char* fail(const field_error& error) {
    error_ = &error;
    return nullptr;
  }
  bool find_dynamic(std::size_t index, decoded_field& field);

  dynamic_table table_;
  name_tagger tagger_;
  std::array<name_tag, hpack_static_count + 1> static_tags_{};
  const field_error* error_ = nullptr;
  std::size_t limit_;
  std::size_t lowest_limit_;  // since the last block
  bool update_required_ = false;
};

}  // namespace parley::fieldcode
