// Finds entries of a dynamic table by hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "fieldcode/dynamic_table.hpp"

namespace parley::fieldcode {

/// Open addressing over the entries of one table: a hash has the four slots of its bucket, and no more are ever looked at. Slots are not
/// cleared when an entry goes: its number tells that it is gone. In a full bucket the oldest is forgotten, which costs compression, never
/// correctness; with four slots for each entry that is rare.
class field_index {
 public:
  /// The number of a live entry with this hash that `same(const dynamic_table::entry&)` accepts; whether there is one.
  template <class Same>
  [[nodiscard]] bool find(const dynamic_table& table, std::uint32_t hash, std::uint32_t& number, Same&& same) const {
    if (slots_ == nullptr) return false;
    const slot* const bucket = &slots_[(hash & mask_) * ways];
    for (std::size_t i = 0; i < ways; ++i) {
      if (bucket[i].check != check_of(hash)) continue;
      const std::size_t age = age_of(table, bucket[i]);
      if (age >= table.count()) continue;
      number = table.inserted() - 1 - static_cast<std::uint32_t>(age);
      if (same(table.at_number(number))) return true;
    }
    return false;
  }

  /// The newest entry of the table can be found by this hash, and by `name_hash` too unless it is 0. The entry's marks are
  /// these two hashes, the latter with the bit `by_name`, so that the index can be made anew when it grows.
  void put_newest(const dynamic_table& table, std::uint32_t hash, std::uint32_t name_hash);
  /// Gives the memory back.
  void clear();

  [[nodiscard]] std::size_t memory() const { return slots_ == nullptr ? 0 : (std::size_t{mask_} + 1) * ways * sizeof(slot); }

  /// Entries by name only are those whose `name_mark` has this bit; it is the name's hash then.
  static constexpr std::uint32_t by_name = 0x8000'0000;

 private:
  static constexpr std::size_t ways = 4;
  struct slot {
    std::uint16_t check;   // of the hash
    std::uint16_t number;  // of the entry, its lower bits
  };

  static std::uint16_t check_of(std::uint32_t hash) { return static_cast<std::uint16_t>(hash >> 16); }
  // An entry that is gone has an age of at least the table's count, until 65,536 more have come: then `same` tells.
  static std::size_t age_of(const dynamic_table& table, slot s) {
    return static_cast<std::uint16_t>(table.inserted() - 1 - s.number);
  }
  void put(const dynamic_table& table, std::uint32_t hash, std::uint32_t number);
  void grow(const dynamic_table& table);

  std::unique_ptr<slot[]> slots_;
  std::uint32_t mask_ = 0;  // of the buckets
};

}  // namespace parley::fieldcode
