#include "semantics/fields_access.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

#include "base/block_pool.hpp"

namespace parley::detail {

namespace {
// Offsets have 32 bits, and blocks are powers of two.
constexpr std::size_t largest_block = std::size_t{1} << 31;
// For lines that come one after the other: what most heads fit into. One that comes as a whole gets what it needs.
constexpr std::size_t first_block_of_lines = 1024;
}  // namespace

fields_access::old_block::~old_block() { base::release_block({data_, size_}); }

void fields_access::release(fields& f) noexcept {
  base::release_block({f.block_, f.capacity_});
  f.block_ = nullptr;
  f.text_size_ = f.capacity_ = f.pinned_ = 0;
  f.count_ = 0;
}

void fields_access::adopt(fields& f, base::block filled, std::size_t text, std::size_t lines) noexcept {
  release(f);
  f.block_ = filled.data;
  f.capacity_ = static_cast<std::uint32_t>(filled.size);
  f.text_size_ = f.pinned_ = static_cast<std::uint32_t>(text);
  f.count_ = static_cast<std::uint16_t>(lines);
}

fields_access::old_block fields_access::make_room(fields& f, std::size_t text, std::size_t lines, std::size_t least) {
  if (f.count_ + lines > std::numeric_limits<std::uint16_t>::max()) throw std::length_error("parley: more than 65535 field lines");
  const std::size_t slots = (f.count_ + lines) * sizeof(field_slot);
  if (f.text_size_ + text + slots <= f.capacity_) return {};
  if (text > largest_block || f.text_size_ + text + slots > largest_block)
    throw std::length_error("parley: more than 2 GiB of fields");
  if (f.block_ == nullptr) return move_to(f, std::max(text + slots, least));
  // A field that is set again and again leaves its old values behind: pack when that halves what the block holds.
  const std::size_t live = live_text(f) + text + slots;
  return live <= f.capacity_ / 2 ? pack(f, f.capacity_) : move_to(f, f.text_size_ + text + slots);
}

fields_access::old_block fields_access::move_to(fields& f, std::size_t size) {
  const base::block larger = base::acquire_block(size);
  const std::size_t slots = f.count_ * sizeof(field_slot);
  // Text keeps its offsets from the front, slots theirs from the back.
  if (f.block_ != nullptr) {
    std::memcpy(larger.data, f.block_, f.text_size_);
    std::memcpy(larger.data + larger.size - slots, f.block_ + f.capacity_ - slots, slots);
  }
  return {std::exchange(f.block_, larger.data), std::exchange(f.capacity_, static_cast<std::uint32_t>(larger.size))};
}

fields_access::old_block fields_access::pack(fields& f, std::size_t size) {
  const char* const from = f.block_;
  const std::size_t old_capacity = f.capacity_;
  // What is moved overlaps nothing, since it goes to another block.
  const base::block to = base::acquire_block(size);
  const std::size_t slots = f.count_ * sizeof(field_slot);
  std::memcpy(to.data, from, f.pinned_);
  std::memcpy(to.data + to.size - slots, from + old_capacity - slots, slots);
  char* const freed = std::exchange(f.block_, to.data);
  f.capacity_ = static_cast<std::uint32_t>(to.size);
  f.text_size_ = f.pinned_;
  const auto moved = [&](std::uint32_t offset, std::uint32_t length) {
    return offset < f.pinned_ ? offset : put(f, {from + offset, length}).offset;
  };
  for (std::size_t i = 0; i < f.count_; ++i) {
    field_slot& s = mutable_slot(f, i);
    s.name_offset = moved(s.name_offset, s.name_length);
    s.value_offset = moved(s.value_offset, s.value_length);
  }
  return {freed, old_capacity};
}

std::size_t fields_access::live_text(const fields& f) {
  std::size_t live = f.pinned_;
  for (std::size_t i = 0; i < f.count_; ++i) {
    const field_slot& s = slot(f, i);
    if (s.name_offset >= f.pinned_) live += s.name_length;
    if (s.value_offset >= f.pinned_) live += s.value_length;
  }
  return live;
}

text_ref fields_access::put(fields& f, std::string_view text) {
  const text_ref where{f.text_size_, static_cast<std::uint32_t>(text.size())};
  if (!text.empty()) std::memcpy(f.block_ + where.offset, text.data(), text.size());
  f.text_size_ += where.length;
  return where;
}

void fields_access::push_slot(fields& f, const field_slot& s) {
  ++f.count_;
  ::new (static_cast<void*>(f.block_ + f.capacity_ - f.count_ * sizeof(field_slot))) field_slot(s);
}

void fields_access::reserve(fields& f, std::size_t text, std::size_t lines) {
  clear(f);
  const auto old = make_room(f, text, lines);
}

void fields_access::clear(fields& f) {
  f.text_size_ = f.pinned_ = 0;
  f.count_ = 0;
}

text_ref fields_access::store(fields& f, std::string_view text) {
  const auto old = make_room(f, text.size(), 0);
  const text_ref where = put(f, text);
  f.pinned_ = f.text_size_;
  return where;
}

void fields_access::assign(fields& f, std::string_view text, std::span<const field_slot> slots) {
  reserve(f, text.size(), slots.size());
  put(f, text);
  f.pinned_ = f.text_size_;
  for (const field_slot& s : slots) push_slot(f, s);
}

void fields_access::append(fields& f, semantics::field_id id, std::string_view name, std::string_view value) {
  add(f, id, name, value);
  f.pinned_ = f.text_size_;
}

void fields_access::add(fields& f, semantics::field_id id, std::string_view name, std::string_view value) {
  // Until the end: `name` and `value` may lie in the block that has become too small.
  const auto old = make_room(f, name.size() + value.size(), 1, first_block_of_lines);
  const text_ref stored_name = put(f, name);
  const text_ref stored_value = put(f, value);
  push_slot(f, {stored_name.offset, stored_value.offset, stored_value.length, static_cast<std::uint16_t>(stored_name.length),
                static_cast<std::uint16_t>(id)});
}

void fields_access::set_value(fields& f, std::size_t index, std::string_view value) {
  const field_slot& before = slot(f, index);
  if (value.size() <= before.value_length && before.value_offset >= f.pinned_) {
    // Over the old value, of which `value` may be a part.
    if (!value.empty()) std::memmove(f.block_ + before.value_offset, value.data(), value.size());
    mutable_slot(f, index).value_length = static_cast<std::uint32_t>(value.size());
    return;
  }
  const auto old = make_room(f, value.size(), 0);
  const text_ref stored = put(f, value);
  field_slot& s = mutable_slot(f, index);
  s.value_offset = stored.offset;
  s.value_length = stored.length;
}

void fields_access::truncate(fields& f, std::size_t count) { f.count_ = static_cast<std::uint16_t>(count); }

}  // namespace parley::detail
