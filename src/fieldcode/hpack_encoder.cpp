#include "fieldcode/hpack_encoder.hpp"

#include <algorithm>

#include "fieldcode/field_hash.hpp"
#include "fieldcode/prefix_integer.hpp"
#include "fieldcode/same_text.hpp"
#include "fieldcode/string_literal.hpp"

namespace parley::fieldcode {
namespace {

constexpr std::size_t default_capacity = 4096;  // RFC 9113 §6.5.2

char* write_literal(char* out, unsigned prefix, unsigned high, std::size_t name_index, std::string_view name,
                    std::string_view value) {
  out = encode_integer(out, name_index, prefix, high);
  if (name_index == 0) out = write_string(name, 8, 0, out);
  return write_string(value, 8, 0, out);
}

}  // namespace

hpack_encoder::hpack_encoder(std::uint64_t seed, std::size_t most)
    : table_(std::min(most, default_capacity)), seed_(seed), most_(std::min(most, dynamic_table::largest_capacity)),
      lowest_(table_.capacity()), update_due_(table_.capacity() != default_capacity) {}

void hpack_encoder::set_peer_limit(std::size_t limit) {
  const std::size_t capacity = std::min(limit, most_);
  if (capacity == table_.capacity() && !update_due_) return;
  lowest_ = update_due_ ? std::min(lowest_, capacity) : capacity;
  update_due_ = true;
  table_.resize(capacity);
  if (capacity == 0) index_.clear();
}

void hpack_encoder::forget() {
  const std::size_t capacity = table_.capacity();
  if (table_.count() > 0) {
    lowest_ = 0;
    update_due_ = true;
  }
  table_.resize(0);
  table_.resize(capacity);
  index_.clear();
}

char* hpack_encoder::write_updates(char* out) {
  // RFC 7541 §4.2: the smallest of the capacities in between, and then the last one.
  if (lowest_ < table_.capacity()) out = encode_integer(out, lowest_, 5, 0x20);
  out = encode_integer(out, table_.capacity(), 5, 0x20);
  update_due_ = false;
  return out;
}

std::size_t hpack_encoder::find_name(std::size_t static_name, std::string_view name, std::uint32_t name_mark) const {
  if (static_name != 0) return static_name;
  std::uint32_t number = 0;
  const bool found = index_.find(table_, name_mark, number, [&](const dynamic_table::entry& e) {
    return e.name_mark == name_mark && same_text(table_.name(e), name);
  });
  return found ? index_of(number) : 0;
}

char* hpack_encoder::encode(std::size_t static_name, std::string_view name, std::string_view value, sensitivity s, char* out) {
  if (update_due_) [[unlikely]]
    out = write_updates(out);
  const indexing how = indexing_by_name[static_name];
  // A name of the static table is as good as its index; others are hashed.
  const std::uint64_t name_hash = static_name != 0 ? seed_ ^ (static_name * detail::hash_b) : field_hash(name, seed_);
  const auto name_mark =
      static_name != 0 ? static_cast<std::uint32_t>(static_name) : static_cast<std::uint32_t>(name_hash) | field_index::by_name;
  if (field_policy::is_secret(how, value, s)) {
    return write_literal(out, 4, 0x10, find_name(static_name, name, name_mark), name, value);
  }

  if (static_name != 0) {
    // Most often a name comes with the value that it had before.
    const auto age = static_cast<std::uint16_t>(table_.inserted() - 1 - last_of_name_[static_name]);
    if (age < table_.count()) {
      const dynamic_table::entry& e = table_.newest(age);
      if (e.name_mark == static_name && same_text(table_.value(e), value)) {
        return encode_integer(out, hpack_static_count + 1 + age, 7, 0x80);
      }
    }
    for (std::size_t i = static_name; i <= hpack_static_last(static_name); ++i) {
      if (same_text(value, hpack_static_table[i].value)) return encode_static(i, out);
    }
  }
  const std::uint64_t hash = field_hash(value, name_hash);
  const auto mark = static_cast<std::uint32_t>(hash);
  std::uint32_t number = 0;
  const bool found = index_.find(table_, mark, number, [&](const dynamic_table::entry& e) {
    return e.mark == mark && e.name_mark == name_mark && same_text(table_.value(e), value) &&
           (static_name != 0 || same_text(table_.name(e), name));
  });
  if (found) {
    if (static_name != 0) last_of_name_[static_name] = static_cast<std::uint16_t>(number);
    return encode_integer(out, index_of(number), 7, 0x80);
  }

  const std::size_t name_index = find_name(static_name, name, name_mark);
  if (!policy_.wants_entry(how, hash, name.size() + value.size() + dynamic_table::overhead, value.size(), table_)) {
    return write_literal(out, 4, 0, name_index, name, value);
  }
  out = write_literal(out, 6, 0x40, name_index, name, value);
  if (table_.insert(name, value, mark, name_mark)) {
    if (static_name != 0) last_of_name_[static_name] = static_cast<std::uint16_t>(table_.inserted() - 1);
    index_.put_newest(table_, mark, static_name != 0 ? 0 : name_mark);
  }
  return out;
}

}  // namespace parley::fieldcode
