// The block of a `parley::fields` while it is being filled: text from the front, slots from the back, one comparison a line.
#pragma once

#include <parley/fields.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/block_pool.hpp"
#include "base/copy_text.hpp"
#include "semantics/fields_access.hpp"

namespace parley::semantics {

class line_block {
 public:
  /// The first block has `expected` bytes or more.
  explicit line_block(std::size_t expected = 1024) : expected_(expected) {}
  line_block(const line_block&) = delete;
  line_block& operator=(const line_block&) = delete;
  ~line_block() { base::release_block(block_); }

  /// Text that belongs to no line, such as a path. False when it is no field value (RFC 9110 §5.5): then it is not there.
  bool store(std::string_view text, parley::detail::text_ref& where) {
    need(text.size(), 0);
    where = {text_, static_cast<std::uint32_t>(text.size())};
    if (!base::copy_field_value(block_.data + text_, text)) return false;
    text_ += where.length;
    return true;
  }
  /// A line whose name is valid. False when the value is none: then the line is not there.
  bool append(std::uint16_t id, std::string_view name, std::string_view value) {
    need(name.size() + value.size(), sizeof(parley::detail::field_slot));
    const auto name_size = static_cast<std::uint32_t>(name.size());
    const auto value_size = static_cast<std::uint32_t>(value.size());
    base::copy_short(block_.data + text_, name);
    if (!base::copy_field_value(block_.data + text_ + name_size, value)) return false;
    const parley::detail::field_slot slot{text_, text_ + name_size, value_size, static_cast<std::uint16_t>(name_size), id};
    ++count_;
    std::memcpy(block_.data + block_.size - count_ * sizeof slot, &slot, sizeof slot);
    text_ += name_size + value_size;
    return true;
  }
  /// Adds to the value of the last line, behind `separator`, which is valid. False when `value` is none: then the line is as it was.
  bool extend(std::string_view separator, std::string_view value) {
    need(separator.size() + value.size(), 0);
    base::copy_short(block_.data + text_, separator);
    if (!base::copy_field_value(block_.data + text_ + separator.size(), value)) return false;
    const auto added = static_cast<std::uint32_t>(separator.size() + value.size());
    last().value_length += added;
    text_ += added;
    return true;
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  /// The slot of the line that was appended last; there is one.
  [[nodiscard]] parley::detail::field_slot& last() {
    return *reinterpret_cast<parley::detail::field_slot*>(block_.data + block_.size - count_ * sizeof(parley::detail::field_slot));
  }
  [[nodiscard]] std::string_view view(parley::detail::text_ref r) const { return {block_.data + r.offset, r.length}; }
  /// Hands the block over; refs that `store` gave are valid in `out`.
  void give(parley::fields& out) {
    parley::detail::fields_access::adopt(out, block_, text_, count_);
    block_ = {};
  }

 private:
  void need(std::size_t text, std::size_t slot) {
    if (text_ + text + slot + count_ * sizeof(parley::detail::field_slot) > block_.size) [[unlikely]]
      grow(text + slot);
  }
  void grow(std::size_t more);

  base::block block_;
  std::size_t expected_;
  std::uint32_t text_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace parley::semantics
