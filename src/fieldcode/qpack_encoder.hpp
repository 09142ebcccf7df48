// Encodes the field sections that we send over one HTTP/3 connection, and writes the instructions for the peer's decoder (RFC 9204).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fieldcode/dynamic_table.hpp"
#include "fieldcode/field_index.hpp"
#include "fieldcode/field_policy.hpp"
#include "fieldcode/qpack_error.hpp"
#include "fieldcode/qpack_references.hpp"
#include "fieldcode/qpack_static_table.hpp"

namespace parley::fieldcode {

/// How much an encoder uses of what its peer allows.
struct qpack_encoder_limits {
  /// The table is never larger; at most `dynamic_table::largest_capacity`.
  std::size_t table_capacity = 4096;
  /// Never more streams wait for the encoder stream at the peer. 0: none ever does; fields are then literals until the peer has said
  /// that it has their entries.
  std::size_t blocked_streams = 100;
  /// Sections with references that the peer has not acknowledged; each takes 24 bytes. Above it they have no references.
  std::size_t sections = 1000;
  /// Instructions that nobody has taken with `written`, in bytes. Above it nothing is inserted.
  std::size_t unsent = 16 * 1024;
};

/// One section: `begin(stream)`, a call of `encode` for each field, `end(lines)`; nothing else in between. What goes into the table is
/// told at `field_policy`; what would go in at once has to come a second time in a section that may not wait for the encoder stream.
/// Entries soon to go are duplicated when they are used, so that what is in use stays and nothing pins the table's end (RFC 9204
/// §2.1.1.1).
///
/// What `output` has for the encoder stream should leave before the section that came of it, or the peer waits. A section that was
/// encoded need not be sent: when its stream is reset, the peer's decoder says so, and its references end.
class qpack_encoder {
 public:
  /// `seed` is different for each connection and unknown to others.
  qpack_encoder(std::uint64_t seed, const qpack_encoder_limits& limits);

  /// The peer's SETTINGS_QPACK_MAX_TABLE_CAPACITY and SETTINGS_QPACK_BLOCKED_STREAMS, between two sections: first those remembered for
  /// 0-RTT, if it is used, and then those that came. Until then there is no table. An error (QPACK_DECODER_STREAM_ERROR, RFC 9204
  /// §3.2.3): the capacity is another one than a remembered one that was not 0. A 0-RTT that was refused, where everything must be
  /// sent again, takes a new encoder.
  [[nodiscard]] std::expected<void, qpack_error> set_peer_limits(std::uint64_t table_capacity, std::uint64_t blocked_streams);

  /// Whether entries may be inserted; at first they may. To be false while the encoder stream's flow control holds bytes back: a section
  /// that depends on them could wait for them for ever (RFC 9204 §2.1.3).
  void allow_inserts(bool allowed) { inserts_allowed_ = allowed; }

  /// The room before the lines that `end` needs at most.
  static constexpr std::size_t prefix_bound = 20;
  /// The room that encoding this field needs at most.
  [[nodiscard]] static constexpr std::size_t bound(std::string_view name, std::string_view value) {
    return name.size() + value.size() + fixed_bound;
  }
  /// As `bound`, without the name's and the value's size.
  static constexpr std::size_t fixed_bound = 32;

  /// A section of `stream` begins: for a push promise the stream that carries it.
  void begin(std::uint64_t stream);
  /// Encodes a field at `out`, where there are `bound(name, value)` bytes, and returns its end. The name is in lower case.
  char* encode(std::string_view name, std::string_view value, sensitivity s, char* out) {
    return encode(qpack_static_name(name), name, value, s, out);
  }
  char* encode(std::string_view name, std::string_view value, char* out) { return encode(name, value, sensitivity::by_name, out); }
  /// The same for a name whose first index in the static table is known (`qpack_static_name`).
  char* encode(std::size_t static_name, std::string_view value, char* out) {
    return encode(static_name, qpack_static_table[static_name].name, value, sensitivity::by_name, out);
  }
  /// A field that stands in the static table with its value, such as 25 for `:status: 200`.
  static char* encode_static(std::size_t index, char* out) {
    if (index < 0x3f) {
      *out++ = static_cast<char>(0xc0 | index);
    } else {
      *out++ = static_cast<char>(0xff);
      *out++ = static_cast<char>(index - 0x3f);
    }
    return out;
  }
  /// The section ends. `lines` is where its first line was written; the prefix is written right before it, into at most `prefix_bound`
  /// bytes, and its first byte returned: the section lies from there to the end of the last line.
  [[nodiscard]] char* end(char* lines);

  /// What `repeat` must know of a section.
  struct repetition {
    std::uint64_t epoch = 0;
    std::uint64_t required = 0;
    std::uint64_t lowest = 0;
  };
  /// After `end`: with this the same lines come to the same bytes later on, as `repeat` says. Nothing where a line had to be searched for, or
  /// was put into the table, or refers to what the peer may not have yet.
  [[nodiscard]] std::optional<repetition> repeatable() const;
  /// In place of `begin` to `end`: the bytes of that section, its prefix included, are sent once more, on `stream`. False: the table has
  /// changed since, or the peer has too many sections to acknowledge; it must be encoded.
  [[nodiscard]] bool repeat(const repetition& what, std::uint64_t stream);

  /// Bytes of the peer's decoder stream, as they come, behind its type; instructions may end anywhere. An error is
  /// QPACK_DECODER_STREAM_ERROR.
  [[nodiscard]] std::expected<void, qpack_error> receive(std::string_view bytes);

  /// Bytes for our encoder stream, behind its type, valid until the next call of any other member. They must be sent, in order. Take them
  /// when the stream can send them: `limits.unsent` bounds what nobody took.
  [[nodiscard]] std::string_view output() const { return std::string_view(out_).substr(out_taken_); }
  /// The first `n` bytes of `output` were taken.
  void written(std::size_t n);

  /// How many entries were inserted, and of how many the peer has said that it has them (the Known Received Count).
  [[nodiscard]] std::uint64_t inserted() const { return inserted_; }
  [[nodiscard]] std::uint64_t known_received() const { return references_.known(); }
  /// Streams that may be waiting for the encoder stream now.
  [[nodiscard]] std::size_t streams_at_risk() const { return references_.streams_at_risk(); }
  /// The dynamic table, for those who show or count it.
  [[nodiscard]] const dynamic_table& table() const { return table_; }
  /// Drops the table and gives its memory back, where the peer has every entry and needs none (RFC 9204 §3.2.2); the encoder stream tells so.
  /// False: not now.
  bool forget();
  /// Bytes of memory held beyond this object.
  [[nodiscard]] std::size_t memory() const;

 private:
  // Of a field, any entry does that is not about to go; of a name the newest is sought, since references keep entries from going.
  enum class search : std::uint8_t { any, newest };
  struct matches {
    std::uint64_t newest = none;  // of all
    std::uint64_t best = none;    // of those that this section may reference
  };
  static constexpr std::uint64_t none = ~std::uint64_t{0};

  char* encode(std::size_t static_name, std::string_view name, std::string_view value, sensitivity s, char* out);
  char* write_literal(std::size_t static_name, std::string_view name, std::uint32_t name_mark, std::string_view value, bool secret,
                      char* out);
  char* write_reference(std::uint64_t absolute, char* out);
  [[nodiscard]] std::uint64_t choose_entry(const matches& found);
  template <class Same>
  [[nodiscard]] matches find(std::uint32_t mark, search how, Same&& same);
  [[nodiscard]] matches find_name(std::string_view name, std::uint32_t name_mark);
  [[nodiscard]] bool usable(std::uint64_t absolute) { return may_refer_ && (absolute < references_.known() || may_risk()); }
  [[nodiscard]] bool may_risk();
  void refer(std::uint64_t absolute);
  [[nodiscard]] bool make_room(std::size_t cost);
  bool insert(std::size_t static_name, std::string_view name, std::string_view value, std::uint32_t mark, std::uint32_t name_mark);
  bool duplicate(std::uint64_t absolute);
  void inserted_one(std::size_t static_name, std::uint32_t mark, std::uint32_t name_mark);
  void update_draining();
  [[nodiscard]] char* instruction_room(std::size_t size);
  void instruction_end(char* end) { out_.resize(static_cast<std::size_t>(end - out_.data())); }
  [[nodiscard]] const dynamic_table::entry& entry_at(std::uint64_t absolute) const {
    return table_.at_number(static_cast<std::uint32_t>(absolute));
  }
  [[nodiscard]] std::uint64_t oldest() const { return inserted_ - table_.count(); }

  qpack_encoder_limits limits_;
  dynamic_table table_;
  field_index index_;
  field_policy policy_;
  qpack_references references_;
  std::uint64_t seed_;
  std::uint64_t peer_capacity_ = 0;
  std::size_t peer_blocked_ = 0;  // or less, by our own limit
  std::uint64_t inserted_ = 0;
  std::uint64_t draining_ = 0;  // entries before it are soon to go, and are not referenced any more if that can be helped
  bool inserts_allowed_ = true;
  bool capacity_due_ = false;
  // Another one after all that may let the same lines come to other bytes: each search, each change of the table.
  std::uint64_t epoch_ = 0;

  // The section that is being encoded.
  std::uint64_t stream_ = 0;
  std::uint64_t base_ = 0;
  std::uint64_t required_ = 0;
  std::uint64_t lowest_ = none;  // of its references
  std::uint64_t begun_in_ = 0;   // the epoch
  bool may_refer_ = false;
  enum class risk : std::uint8_t { unknown, yes, no } risk_ = risk::unknown;

  std::string out_;
  std::size_t out_taken_ = 0;
  std::array<char, 16> partial_{};  // of an instruction of the decoder stream
  std::size_t partial_size_ = 0;
  // Of each name of the static table, the number (its lower bits) of the entry that was used last; it may be gone.
  std::array<std::uint16_t, qpack_static_count> last_of_name_{};
};

}  // namespace parley::fieldcode
