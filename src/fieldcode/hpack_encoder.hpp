// Encodes the field blocks of one direction of an HTTP/2 connection (RFC 7541).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fieldcode/dynamic_table.hpp"
#include "fieldcode/field_index.hpp"
#include "fieldcode/hpack_static_table.hpp"

namespace parley::fieldcode {

enum class sensitivity : std::uint8_t {
  by_name,  // what the name says, see `hpack_encoder`
  secret,   // never indexed: also what came in as never indexed and is passed on (RFC 7541 §6.2.3)
};

/// What goes into the table:
///  * never, and marked so for all that pass it on (RFC 7541 §7.1): `authorization`, `proxy-authorization`, `set-cookie`, `cookie` of
///    fewer than 20 bytes, and what is said to be secret;
///  * when the same value comes a second time before long: fields whose values often come only once (`:path`, `content-length`,
///    `content-range`, `etag`, `if-none-match`, `location`, `range`), so that repeated ones cost a byte each and single ones leave
///    the table alone; values of fewer than 8 bytes only while a quarter of the table is free;
///  * at once: everything else.
/// Nothing that would take more than three quarters of the table. On the stories of hpack-test-case this is a little shorter than what
/// nghttp2 writes.
class hpack_encoder {
 public:
  /// When a field goes into the table; by name.
  enum class indexing : std::uint8_t { at_once, second_time, never, never_if_short };

  /// `seed` is different for each connection and unknown to others. `most`: the table is never larger, whatever the peer allows (at most
  /// `dynamic_table::largest_capacity`).
  hpack_encoder(std::uint64_t seed, std::size_t most);

  /// The peer's SETTINGS_HEADER_TABLE_SIZE, 4,096 until it sends one. Call it between two blocks, when the settings are acknowledged. The
  /// next field that is encoded begins with the update, or both that RFC 7541 §4.2 asks for.
  void set_peer_limit(std::size_t limit);

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
  bool wants_entry(indexing how, std::uint64_t hash, std::size_t cost, std::size_t value_size);

  static constexpr std::size_t remembered = 64;

  dynamic_table table_;
  field_index index_;
  std::uint64_t seed_;
  std::size_t most_;
  std::size_t lowest_;  // capacity since the last block
  bool update_due_ = false;
  // Of each name of the static table, the number (its lower bits) of the entry that was used last; it may be gone.
  std::array<std::uint16_t, hpack_static_count + 1> last_of_name_{};
  std::array<std::uint16_t, remembered> once_{};  // of the values that came once, a part of the hash
};

}  // namespace parley::fieldcode
