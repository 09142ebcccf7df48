#include "fieldcode/field_index.hpp"

namespace parley::fieldcode {

void field_index::put_newest(const dynamic_table& table, std::uint32_t hash, std::uint32_t name_hash) {
  // An entry has up to two hashes, so that a bucket for each leaves half of the slots free.
  if (slots_ == nullptr || table.count() > std::size_t{mask_} + 1) {
    grow(table);
    return;
  }
  put(table, hash, table.inserted() - 1);
  if (name_hash != 0) put(table, name_hash, table.inserted() - 1);
}

void field_index::put(const dynamic_table& table, std::uint32_t hash, std::uint32_t number) {
  slot* const bucket = &slots_[(hash & mask_) * ways];
  slot* oldest = bucket;
  for (std::size_t i = 1; i < ways; ++i) {
    if (age_of(table, bucket[i]) > age_of(table, *oldest)) oldest = &bucket[i];
  }
  *oldest = {check_of(hash), static_cast<std::uint16_t>(number)};
}

void field_index::grow(const dynamic_table& table) {
  std::size_t buckets = slots_ == nullptr ? 16 : (std::size_t{mask_} + 1) * 2;
  while (buckets < table.count()) buckets *= 2;
  slots_ = std::make_unique<slot[]>(buckets * ways);
  mask_ = static_cast<std::uint32_t>(buckets - 1);
  // As far from any entry as numbers go, so that a free slot looks like one whose entry is gone.
  const auto gone = static_cast<std::uint16_t>(table.inserted() + 0x8000);
  for (std::size_t i = 0; i < buckets * ways; ++i) slots_[i] = {0, gone};
  for (std::size_t age = table.count(); age-- > 0;) {
    const dynamic_table::entry& e = table.newest(age);
    const std::uint32_t number = table.inserted() - 1 - static_cast<std::uint32_t>(age);
    put(table, e.mark, number);
    if ((e.name_mark & by_name) != 0) put(table, e.name_mark, number);
  }
}

void field_index::clear() {
  slots_.reset();
  mask_ = 0;
}

}  // namespace parley::fieldcode
