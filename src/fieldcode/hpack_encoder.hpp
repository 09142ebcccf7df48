// Encodes the field blocks of one direction of an HTTP/2 connection (RFC 7541).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fieldcode/dynamic_table.hpp"
#include "fieldcode/field_index.hpp"
#include "fieldcode/field_policy.hpp"
#include "fieldcode/hpack_static_table.hpp"

namespace parley::fieldcode {

/// What goes into the table is told at `field_policy`. On the stories of hpack-test-case this is a little shorter than what nghttp2
/// writes.
class hpack_encoder {
 public:
  /// `seed` is different for each connection and unknown to others. `most`: the table is never larger, whatever the peer allows (at most
  /// `dynamic_table::largest_capacity`).
  hpack_encoder(std::uint64_t seed, std::size_t most);

  /// The peer's SETTINGS_HEADER_TABLE_SIZE, 4,096 until it sends one. Call it between two blocks, when the settings are acknowledged. The
  /// next field that is encoded begins with the update, or both that RFC 7541 §4.2 asks for.
  void set_peer_limit(std::size_t limit);

  /// Drops the table and gives its memory back; the next field that is encoded tells so (RFC 7541 §4.2: an update to 0, and one to what it
  /// was). For connections that idle for long: what comes after costs its fields in full once more.
  void forget();

  /// The room that encoding this field needs at most.
  [[nodiscard]] static constexpr std::size_t bound(std::string_view name, std::string_view value) {
    return name.size() + value.size() + fixed_bound;
  }
  /// As `bound`, without the name's and the value's size.
  static constexpr std::size_t fixed_bound = 32;

  /// Encodes a field at `out`, where there are `bound(name, value)` bytes, and returns its end. The name is in lower case.
  char* encode(std::string_view name, std::string_view value, sensitivity s, char* out) {
    return encode(hpack_static_name(name), name, value, s, out);
  }
  char* encode(std::string_view name, std::string_view value, char* out) { return encode(name, value, sensitivity::by_name, out); }
  /// The same for a name whose first index in the static table is known.
  char* encode(std::size_t static_name, std::string_view value, char* out) {
    return encode(static_name, hpack_static_table[static_name].name, value, sensitivity::by_name, out);
  }
  /// A field that stands in the static table with its value, such as 8 for `:status: 200`.
  char* encode_static(std::size_t index, char* out) {
    if (update_due_) [[unlikely]]
      out = write_updates(out);
    *out++ = static_cast<char>(0x80 | index);
    return out;
  }

  /// The dynamic table, for those who show or count it.
  [[nodiscard]] const dynamic_table& table() const { return table_; }
  /// Bytes of memory held beyond this object.
  [[nodiscard]] std::size_t memory() const { return table_.memory() + index_.memory(); }

 private:
  char* encode(std::size_t static_name, std::string_view name, std::string_view value, sensitivity s, char* out);
  char* write_updates(char* out);
  [[nodiscard]] std::size_t index_of(std::uint32_t number) const {
    return hpack_static_count + static_cast<std::uint32_t>(table_.inserted() - number);
  }
  [[nodiscard]] std::size_t find_name(std::size_t static_name, std::string_view name, std::uint32_t name_mark) const;

  dynamic_table table_;
  field_index index_;
  field_policy policy_;
  std::uint64_t seed_;
  std::size_t most_;
  std::size_t lowest_;  // capacity since the last block
  bool update_due_ = false;
  // Of each name of the static table, the number (its lower bits) of the entry that was used last; it may be gone.
  std::array<std::uint16_t, hpack_static_count + 1> last_of_name_{};
};

}  // namespace parley::fieldcode
