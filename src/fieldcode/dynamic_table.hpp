// The dynamic table of HPACK (RFC 7541 §2.3.2 and §4), for the decoder and the encoder; QPACK's has the same entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace parley::fieldcode {

/// First in, first out; its texts lie one after the other in one block of memory, which grows with what is stored, up to twice the
/// capacity, so that moving them together costs a copy or two for each byte. Nothing is allocated once it has its size.
///
/// Views of names and values are valid until the next `insert`, `clear` or `resize`.
class dynamic_table {
 public:
  /// What an entry counts beyond its name and value (RFC 7541 §4.1).
  static constexpr std::size_t overhead = 32;
  /// The largest capacity that a table can have.
  static constexpr std::size_t largest_capacity = std::size_t{1} << 20;

  struct entry {
    std::uint32_t at;  // where the name starts; the value follows it
    std::uint32_t name_size;
    std::uint32_t value_size;
    std::uint32_t mark;       // the user's: the name's tag, or a hash
    std::uint32_t name_mark;  // the user's
  };

  explicit dynamic_table(std::size_t capacity) : capacity_(capacity) {}

  /// Entries at present.
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Their size as RFC 7541 §4.1 counts it.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// How many entries have ever been inserted, modulo 2^32: the number of the next one.
  [[nodiscard]] std::uint32_t inserted() const { return inserted_; }

  /// The `age`-th newest, from 0; `age` is below `count()`.
  [[nodiscard]] const entry& newest(std::size_t age) const { return at_number(inserted_ - 1 - static_cast<std::uint32_t>(age)); }
  /// By the number that `inserted()` was before it came; it must still be here.
  [[nodiscard]] const entry& at_number(std::uint32_t number) const { return entries_[number & ring_mask_]; }
  [[nodiscard]] std::string_view name(const entry& e) const { return {text(e), e.name_size}; }
  [[nodiscard]] std::string_view value(const entry& e) const { return {text(e) + e.name_size, e.value_size}; }

  /// Inserts what may be views of this table's own entries; older ones go until it fits. Whether it is stored: one larger than the whole
  /// table only empties it (RFC 7541 §4.4).
  bool insert(std::string_view name, std::string_view value, std::uint32_t mark, std::uint32_t name_mark = 0);
  void clear();
  /// Changes the capacity (at most `largest_capacity`); the oldest entries go until the rest fits. At 0 the memory is given back.
  void resize(std::size_t capacity);

  /// Gives back what its entries do not need; the next `insert` takes it again.
  void fit();

  /// Bytes of memory held, for those who account for connections.
  [[nodiscard]] std::size_t memory() const { return room_ + ring_size() * sizeof(entry); }

 private:
  [[nodiscard]] const char* text(const entry& e) const { return bytes_.get() + static_cast<std::uint32_t>(e.at - base_); }
  [[nodiscard]] std::size_t ring_size() const { return entries_ == nullptr ? 0 : std::size_t{ring_mask_} + 1; }
  [[nodiscard]] std::size_t begin() const;
  void evict_oldest();
  void make_room(std::size_t size, std::string_view& name, std::string_view& value);
  void grow_ring();
  void remake_ring(std::size_t size);
  void give_back();

  std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  std::unique_ptr<char[]> bytes_;
  std::size_t room_ = 0;    // the size of bytes_
  std::size_t end_ = 0;     // of the texts in bytes_
  std::uint32_t base_ = 0;  // the position of bytes_[0]; positions only rise, modulo 2^32
  std::unique_ptr<entry[]> entries_;
  std::uint32_t ring_mask_ = 0;
  std::uint32_t inserted_ = 0;
};

}  // namespace parley::fieldcode
