// A linear byte buffer for receiving.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "base/block_pool.hpp"

namespace parley::base {

/// Bytes come in at the end (`writable`, `commit`) and leave at the front (`readable`, `consume`). Its memory is a pooled block,
/// taken at the first `writable` and given back by `release`, so that an idle connection holds none.
///
/// Views into it stay valid until the next `writable`, `compact` or `release`: `consume` never moves anything.
class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept
      : block_(std::exchange(other.block_, {})), begin_(std::exchange(other.begin_, 0)), end_(std::exchange(other.end_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      release_block(block_);
      block_ = std::exchange(other.block_, {});
      begin_ = std::exchange(other.begin_, 0);
      end_ = std::exchange(other.end_, 0);
    }
    return *this;
  }
  ~buffer() { release_block(block_); }

  /// All the room behind the readable bytes, at least `n` bytes of it; moves or grows the block when there is less.
  [[nodiscard]] std::span<char> writable(std::size_t n) {
    if (block_.size - end_ < n || block_.data == nullptr) make_room(n);
    return {block_.data + end_, block_.size - end_};
  }
  /// The first `n` bytes of what `writable` gave have been filled.
  void commit(std::size_t n) { end_ += n; }
  /// Appends a copy of `bytes`, which must not lie in this buffer.
  void append(std::string_view bytes);

  [[nodiscard]] std::string_view readable() const { return {block_.data + begin_, end_ - begin_}; }
  [[nodiscard]] std::span<char> readable_bytes() { return {block_.data + begin_, end_ - begin_}; }
  /// Drops `n` bytes, at most `size()`, from the front.
  void consume(std::size_t n) { begin_ += n; }

  /// Moves the readable bytes to the front of the block.
  void compact();
  /// Gives the memory back to the pool when nothing is readable; whether it holds none now.
  bool release();
  /// Drops everything and gives the memory back.
  void reset();

  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  /// The size of the block held, 0 for none.
  [[nodiscard]] std::size_t capacity() const { return block_.size; }

 private:
  void make_room(std::size_t n);

  block block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace parley::base
