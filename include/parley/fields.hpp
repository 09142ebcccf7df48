// Header and trailer fields (RFC 9110 §5, §6.3, §6.5).
#pragma once

#include <parley/config.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

namespace detail {
struct fields_access;

/// A piece of a block's text: an offset, so that it survives a move or a growth of the block.
struct text_ref {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

/// One field line: where its name and value stand in the block's text.
struct field_slot {
  std::uint32_t name_offset;
  std::uint32_t value_offset;
  std::uint32_t value_length;
  std::uint16_t name_length;
  std::uint16_t id;  // semantics/field_name: 0 when the name is not a known one
};
static_assert(sizeof(field_slot) == 16);
}  // namespace detail

/// Thrown where a program, not a peer, gives a name or a value that no message may carry.
class PARLEY_API invalid_field : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// An ordered list of field lines.
///
/// Names compare without case and keep the case they were given. All text lies in one block, which is pooled per thread: building
/// and destroying heads of usual size costs no call of the allocator once warm. Views that it gives out are valid until the
/// object is modified or destroyed (a move keeps them valid, in the new owner). Not safe for concurrent modification.
class PARLEY_API fields {
 public:
  struct line {
    std::string_view name;
    std::string_view value;
  };

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = line;
    using difference_type = std::ptrdiff_t;
    using pointer = const line*;
    using reference = line;
    iterator() = default;
    line operator*() const { return (*owner_)[index_]; }
    iterator& operator++() {
      ++index_;
      return *this;
    }
    iterator operator++(int) {
      auto old = *this;
      ++index_;
      return old;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    friend class fields;
    iterator(const fields* owner, std::size_t index) : owner_(owner), index_(index) {}
    const fields* owner_ = nullptr;
    std::size_t index_ = 0;
  };

  fields() = default;
  fields(std::initializer_list<line> lines);
  fields(const fields& other);
  fields(fields&& other) noexcept { take(other); }
  fields& operator=(const fields& other);
  fields& operator=(fields&& other) noexcept {
    if (this != &other) {
      if (block_ != nullptr) give_back();
      take(other);
    }
    return *this;
  }
  ~fields() {
    if (block_ != nullptr) give_back();
  }

  /// The number of field lines.
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// The line at `index`, which must be below `size()`.
  [[nodiscard]] line operator[](std::size_t index) const;
  [[nodiscard]] iterator begin() const { return {this, 0}; }
  [[nodiscard]] iterator end() const { return {this, count_}; }

  /// The value of the first line of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  /// The values of all lines of that name, in order.
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;
  /// All values of that name joined by ", " (RFC 9110 §5.3; not meaningful for Set-Cookie), those of Cookie by "; " (RFC 9113
  /// §8.2.3). Empty when there is none.
  [[nodiscard]] std::string joined(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const;

  /// Appends a line. Throws `invalid_field` when `name` is no token (RFC 9110 §5.1) or `value` has a control character other than
  /// the tab (§5.5); surrounding white space of the value is dropped. So nothing a handler echoes can split a message.
  fields& add(std::string_view name, std::string_view value);
  /// Replaces all lines of that name by one, in the place and with the spelling of the first. Throws as `add`.
  fields& set(std::string_view name, std::string_view value);
  /// Removes all lines of that name; how many there were.
  std::size_t remove(std::string_view name);
  void clear();

  friend PARLEY_API bool operator==(const fields& a, const fields& b);

 private:
  friend struct detail::fields_access;

  void give_back() noexcept;
  void take(fields& other) noexcept {
    block_ = std::exchange(other.block_, nullptr);
    text_size_ = std::exchange(other.text_size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    pinned_ = std::exchange(other.pinned_, 0);
    count_ = std::exchange(other.count_, std::uint16_t{0});
  }

  // Text grows from the front of the block, slots from its back; one pooled allocation for both.
  char* block_ = nullptr;
  std::uint32_t text_size_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint16_t count_ = 0;
  // Text before it keeps its place, since `detail::text_ref`s point into it; what lies behind may be packed closer.
  std::uint32_t pinned_ = 0;
};

}  // namespace parley
