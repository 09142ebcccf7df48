// Decodes the field sections that a peer sends over one HTTP/3 connection, and the instructions of its encoder (RFC 9204).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fieldcode/decoded_field.hpp"
#include "fieldcode/dynamic_table.hpp"
#include "fieldcode/qpack_error.hpp"
#include "fieldcode/qpack_static_table.hpp"
#include "fieldcode/string_literal.hpp"

namespace parley::fieldcode {

/// What a peer's encoder may use of us. The first two are announced in SETTINGS and cannot change afterwards.
struct qpack_decoder_limits {
  /// SETTINGS_QPACK_MAX_TABLE_CAPACITY; at most `dynamic_table::largest_capacity`.
  std::size_t table_capacity = 4096;
  /// SETTINGS_QPACK_BLOCKED_STREAMS.
  std::size_t blocked_streams = 16;
  /// Bytes of the decoder stream that nobody has taken with `written`. Who lets us send none of them, and makes us say more, is refused
  /// with H3_EXCESSIVE_LOAD (RFC 9204 §7.3).
  std::size_t unsent = 16 * 1024;
};

/// What one field section may become.
struct section_limits {
  /// A longer name or value is given as too large, its text left out; see `decoded_field`.
  std::size_t longest = SIZE_MAX;
  /// All of them, each with 32 bytes for itself (RFC 9114 §4.2.2); one that is too large counts as `longest`.
  std::size_t size = SIZE_MAX;
  std::size_t count = SIZE_MAX;
};

enum class section_state : std::uint8_t {
  /// All its fields were given to the sink.
  done,
  /// Its fields are more, or larger, than the limits: the sink got what came before; the rest was left alone, which harms nothing but this
  /// section.
  too_large,
  /// It needs entries that have not come yet; the sink got nothing. Keep its bytes, and decode them again when `next_unblocked` names
  /// the stream.
  blocked,
};

struct section_result {
  section_state state = section_state::done;
  /// The Required Insert Count (RFC 9204 §4.5.1): a blocked section waits until `inserted()` is that.
  std::uint64_t required = 0;
};

class qpack_decoder {
 public:
  qpack_decoder(name_tagger tagger, const qpack_decoder_limits& limits);

  /// Bytes of the peer's encoder stream, as they come, behind its type; instructions may end anywhere. An error is
  /// QPACK_ENCODER_STREAM_ERROR (or `excessive_load`). What it holds of an instruction that has begun is at most four times the table's
  /// capacity: Huffman's code can be that much longer than its text.
  [[nodiscard]] std::expected<void, qpack_error> receive(std::string_view bytes);

  /// The same, but it stops where a blocked section can be decoded, and takes what it has read off `bytes`: decode that section then
  /// (`next_unblocked`), before what follows evicts its entries or is at fault, and call again while `bytes` is not empty. So the outcome
  /// is the same however packets cut the stream.
  [[nodiscard]] std::expected<void, qpack_error> receive_some(std::string_view& bytes);

  /// Decodes a whole field section of `stream`: the content of a HEADERS frame, or that of a PUSH_PROMISE frame behind the push id. Calls
  /// `sink(const decoded_field&)` for each field, in order, as HPACK's decoder does. An error is QPACK_DECOMPRESSION_FAILED (or
  /// `excessive_load`).
  ///
  /// A stream's sections are decoded in order: one that is blocked comes again, before any later one. The time is linear in the section
  /// and the number of its fields; nothing is allocated, but for literals of more than some hundred bytes that are Huffman coded (1.6
  /// times their size for the call).
  template <class Sink>
  std::expected<section_result, qpack_error> decode(std::uint64_t stream, std::string_view section, const section_limits& limits,
                                                    Sink&& sink) {
    const char* p = section.data();
    const char* const end = p + section.size();
    section_prefix prefix;
    p = read_prefix(p, end, prefix);
    if (p == nullptr) return std::unexpected(*error_);
    section_result result{section_state::done, prefix.required};
    if (prefix.required > inserted_) {
      if (!block(stream, prefix.required)) return std::unexpected(*error_);
      result.state = section_state::blocked;
      return result;
    }
    literal_memory memory;
    std::size_t size = 0;
    std::size_t count = 0;
    while (p != end) {
      const auto first = static_cast<unsigned char>(*p);
      decoded_field field;
      if (first >= 0xc0 && first != 0xff) [[likely]] {  // of the static table, RFC 9204 §4.5.2
        const std::size_t index = first & 0x3fU;
        ++p;
        field.name = qpack_static_table[index].name;
        field.value = qpack_static_table[index].value;
        field.tag = static_tags_[index];
      } else if (const std::uint64_t absolute = prefix.base - 1 - (first & 0x3fU);
                 first >= 0x80 && first < 0xbf && absolute < prefix.required && inserted_ - 1 - absolute < table_.count()) {
        const dynamic_table::entry& e = table_.newest(static_cast<std::size_t>(inserted_ - 1 - absolute));
        ++p;
        field.name = table_.name(e);
        field.value = table_.value(e);
        field.tag = static_cast<name_tag>(e.mark);
      } else {
        p = read_line(p, end, limits.longest, prefix, memory, field);
        if (p == nullptr) return std::unexpected(*error_);
      }
      size += field.too_large ? limits.longest : field.name.size() + field.value.size() + dynamic_table::overhead;
      if (++count > limits.count || size > limits.size) {
        result.state = section_state::too_large;
        break;
      }
      sink(static_cast<const decoded_field&>(field));
    }
    if (prefix.required != 0 && !acknowledge(stream, prefix.required)) return std::unexpected(*error_);
    return result;
  }

  /// A stream whose blocked section can be decoded now; each once, the one that waits longest first. Ask until there is none whenever
  /// `receive` was called.
  [[nodiscard]] std::optional<std::uint64_t> next_unblocked();

  /// The rest of a stream will not be decoded: it was reset before its end, or we read it no longer (RFC 9204 §2.2.2.2). Also for a stream
  /// without any section; not for one that was read to its end.
  void cancel(std::uint64_t stream);

  /// Bytes for our decoder stream, behind its type, valid until the next call of any other member: acknowledgements, cancellations, and the
  /// entries that have come. Asked once for each turn, when the stream can take them, it joins what can be joined.
  [[nodiscard]] std::string_view output();
  /// The first `n` bytes of `output` were taken.
  void written(std::size_t n);

  /// How many entries the peer has inserted.
  [[nodiscard]] std::uint64_t inserted() const { return inserted_; }
  [[nodiscard]] std::size_t blocked_streams() const { return blocked_.size(); }
  /// The dynamic table, for those who show or count it.
  [[nodiscard]] const dynamic_table& table() const { return table_; }
  /// Gives back what the table has beyond what it holds.
  void fit() { table_.fit(); }
  /// Bytes of memory held beyond this object.
  [[nodiscard]] std::size_t memory() const;

 private:
  struct section_prefix {
    std::uint64_t required = 0;
    std::uint64_t base = 0;
  };
  struct blocked_stream {
    std::uint64_t stream;
    std::uint64_t required;
  };
  struct instruction;

  [[nodiscard]] const char* read_prefix(const char* p, const char* end, section_prefix& prefix);
  [[nodiscard]] const char* read_line(const char* p, const char* end, std::size_t longest, const section_prefix& prefix,
                                      literal_memory& memory, decoded_field& field);
  [[nodiscard]] const char* read_value(const char* p, const char* end, std::size_t longest, literal_memory& memory,
                                       decoded_field& field);
  bool find_static(std::uint64_t index, decoded_field& field);
  bool find_dynamic(std::uint64_t absolute, const section_prefix& prefix, decoded_field& field);
  bool find_relative(std::uint64_t index, const section_prefix& prefix, decoded_field& field);
  [[nodiscard]] bool any_unblocked() const;
  bool block(std::uint64_t stream, std::uint64_t required);
  bool acknowledge(std::uint64_t stream, std::uint64_t required);
  void write_instruction(std::uint64_t value, unsigned prefix, unsigned high);

  [[nodiscard]] instruction find_instruction(const char* p, const char* end) const;
  void keep_partial(std::string_view bytes);
  [[nodiscard]] bool execute(const instruction& found);
  [[nodiscard]] bool insert(const instruction& found);

  bool fail(const qpack_error& error) {
    error_ = &error;
    return false;
  }
  [[nodiscard]] const char* fail_line(const qpack_error& error) {
    error_ = &error;
    return nullptr;
  }

  qpack_decoder_limits limits_;
  dynamic_table table_;
  name_tagger tagger_;
  std::array<name_tag, qpack_static_count> static_tags_{};
  const qpack_error* error_ = nullptr;
  std::uint64_t inserted_ = 0;
  std::uint64_t acknowledged_ = 0;  // entries that our decoder stream has told of: the peer's Known Received Count
  std::vector<blocked_stream> blocked_;
  std::vector<char> partial_;      // of an instruction whose end has not come
  std::size_t partial_needs_ = 0;  // its size, as far as it is known
  std::string out_;
  std::size_t out_taken_ = 0;
  bool overfull_ = false;
};

}  // namespace parley::fieldcode
