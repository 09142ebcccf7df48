// What engines and parsers do to `fields` beneath its public face: no checks, no copies.
#pragma once

#include <parley/fields.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/block_pool.hpp"
#include "semantics/field_name.hpp"

namespace parley::detail {

struct fields_access {
  /// Makes room for a head of `text` bytes and `lines` lines in one pooled block, dropping what was there.
  static void reserve(fields& f, std::size_t text, std::size_t lines);
  /// Appends raw text to the block (not a line), such as a request-target; where it lies. That place stays the same until
  /// `reserve`, `assign` or `clear`, whatever happens to the lines; so does all text that `assign` and `append` put there.
  static text_ref store(fields& f, std::string_view text);
  /// Takes over a complete head in one copy: `text` and slots whose offsets are relative to it. Replaces what was there.
  static void assign(fields& f, std::string_view text, std::span<const field_slot> slots);
  /// Appends a line that is known to be valid. `id` may be `field_id::unknown` only when the name is not a known one.
  static void append(fields& f, semantics::field_id id, std::string_view name, std::string_view value);

  /// The same for the program's own lines, whose text may move when more room is needed.
  static void add(fields& f, semantics::field_id id, std::string_view name, std::string_view value);
  /// Replaces the value of the line at `index` by one that is known to be valid.
  static void set_value(fields& f, std::size_t index, std::string_view value);
  /// Keeps the first `count` lines.
  static void truncate(fields& f, std::size_t count);
  /// Takes over a block that was filled elsewhere: `text` bytes at its front, `lines` slots at its back. Replaces what was there.
  static void adopt(fields& f, base::block filled, std::size_t text, std::size_t lines) noexcept;
  /// Drops all lines and text, and keeps the block.
  static void clear(fields& f);
  /// Gives the block back to the pool.
  static void release(fields& f) noexcept;

  /// What its text and its lines take of the block.
  static std::size_t used(const fields& f) { return f.text_size_ + f.count_ * sizeof(field_slot); }
  static std::string_view view(const fields& f, text_ref r) { return {f.block_ + r.offset, r.length}; }
  /// The slots, first line first is at the highest index: use `slot(f, i)`.
  static const field_slot& slot(const fields& f, std::size_t index) {
    return reinterpret_cast<const field_slot*>(f.block_ + f.capacity_)[-1 - static_cast<std::ptrdiff_t>(index)];
  }
  static field_slot& mutable_slot(fields& f, std::size_t index) { return const_cast<field_slot&>(slot(f, index)); }
  static std::string_view name(const fields& f, const field_slot& s) { return {f.block_ + s.name_offset, s.name_length}; }
  static std::string_view value(const fields& f, const field_slot& s) { return {f.block_ + s.value_offset, s.value_length}; }

  /// The first line of a known name: an integer comparison a line, no text is touched.
  static const field_slot* find(const fields& f, semantics::field_id id) {
    for (std::size_t i = 0; i < f.count_; ++i) {
      if (slot(f, i).id == static_cast<std::uint16_t>(id)) return &slot(f, i);
    }
    return nullptr;
  }
  static std::string_view get(const fields& f, semantics::field_id id) {
    const auto* s = find(f, id);
    return s ? value(f, *s) : std::string_view{};
  }
  /// How many lines have that name.
  static std::size_t count(const fields& f, semantics::field_id id) {
    std::size_t lines = 0;
    for (std::size_t i = 0; i < f.count_; ++i) lines += slot(f, i).id == static_cast<std::uint16_t>(id);
    return lines;
  }

 private:
  // Keeps a block that became too small until what was copied from it is in the new one.
  class old_block {
   public:
    old_block() = default;
    old_block(char* data, std::size_t size) : data_(data), size_(size) {}
    old_block(const old_block&) = delete;
    old_block& operator=(const old_block&) = delete;
    ~old_block();

   private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
  };
  [[nodiscard]] static old_block make_room(fields& f, std::size_t text, std::size_t lines, std::size_t least = 0);
  // Both give `f` a block of at least `size` bytes: with the text where it was, or without what no line uses any more.
  [[nodiscard]] static old_block move_to(fields& f, std::size_t size);
  [[nodiscard]] static old_block pack(fields& f, std::size_t size);
  static std::size_t live_text(const fields& f);
  static text_ref put(fields& f, std::string_view text);
  static void push_slot(fields& f, const field_slot& s);
};

}  // namespace parley::detail
