// What one stream sends: kept where it lies until it was acknowledged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/block_pool.hpp"
#include "engine/events.hpp"

namespace parley::h3 {

/// First in, first out, with two marks: what was sent, and what was acknowledged. Small pieces are copied together, the others stay where
/// they lie; no byte moves. It holds memory only while something is not acknowledged.
class send_buffer {
 public:
  /// Up to this size a piece is copied.
  static constexpr std::size_t copy_limit = 4096;

  send_buffer() = default;
  send_buffer(const send_buffer&) = delete;
  send_buffer& operator=(const send_buffer&) = delete;
  ~send_buffer() { clear(); }

  /// Room for `n` bytes in one piece.
  [[nodiscard]] char* reserve(std::size_t n) {
    if (room_ < n) open_block(n);
    return tail_;
  }
  /// Queues `n` bytes at `from`, which lie within the room that `reserve` gave; before any other call.
  void commit(char* from, std::size_t n);
  void copy(std::string_view bytes);
  /// Queues content, which is no slice of a file.
  void append(engine::chunk&& data);

  /// Fills `out` with what was not sent; how many pieces.
  [[nodiscard]] std::size_t peek(std::span<std::string_view> out) const;
  /// The next `n` bytes, at most `unsent()`, were sent.
  void sent(std::size_t n);
  /// The first `n` bytes, at most `unacknowledged()`, have arrived.
  void acknowledged(std::size_t n);
  /// All of it must be sent again; nothing may have been acknowledged since the buffer was empty.
  void rewind();
  void clear();

  [[nodiscard]] std::uint64_t unsent() const { return unsent_; }
  [[nodiscard]] std::uint64_t unacknowledged() const { return unacknowledged_; }
  [[nodiscard]] bool empty() const { return unsent_ == 0 && unacknowledged_ == 0; }

 private:
  struct piece {
    std::string_view bytes;
    std::shared_ptr<const void> owner;
    base::block memory;  // which nothing behind this piece uses
  };

  piece& push();
  void pop();
  void open_block(std::size_t n);
  void close_block();

  std::vector<piece> pieces_;
  std::size_t first_ = 0;         // the pieces before it are gone
  std::size_t first_offset_ = 0;  // of it, so much was acknowledged
  std::size_t next_ = 0;          // where sending goes on: a piece, and how much of it was sent
  std::size_t next_offset_ = 0;
  std::uint64_t unsent_ = 0;
  std::uint64_t unacknowledged_ = 0;
  base::block open_;  // that copied bytes go into
  char* tail_ = nullptr;
  std::size_t room_ = 0;
  std::size_t last_user_ = none;  // the last piece that lies in the open block
  static constexpr std::size_t none = SIZE_MAX;
};

}  // namespace parley::h3
