// What waits to be written to a byte stream: copied bytes in pooled blocks, and longer pieces where they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/block_pool.hpp"
#include "base/segment.hpp"
#include "engine/events.hpp"

namespace parley::engine {

/// A queue of bytes and file slices, first in first out.
///
/// Copied bytes are gathered in the open block, so that a head and a small body leave as one segment; the block goes on behind pieces
/// that are not copied, such as content between frames' headers. No byte moves until `written` covers it. All memory goes back to the
/// pool when the queue runs empty. As long as all of it lies in the open block, as a small answer does, there is no list.
class send_queue {
 public:
  /// Up to this size it is cheaper to copy a piece than to write one more segment.
  static constexpr std::size_t copy_limit = 4096;

  send_queue() = default;
  send_queue(const send_queue&) = delete;
  send_queue& operator=(const send_queue&) = delete;
  ~send_queue() { clear(); }

  /// Room for `n` bytes in one piece behind what is queued; `commit` says how many were filled, before any other call.
  [[nodiscard]] char* reserve(std::size_t n) {
    if (room() < n) open_block(n);
    return tail_;
  }
  void commit(std::size_t n);

  /// Queues a copy of `bytes`.
  void copy(std::string_view bytes);
  /// Queues `data`: small pieces are copied, others are sent from where they lie and dropped once written.
  void append(chunk&& data);

  /// Fills `out` with the first segments; how many.
  std::size_t peek(std::span<base::segment> out) const;
  /// Drops the first `n` bytes, which must not be more than `size()`.
  void written(std::uint64_t n);
  void clear();

  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// The bytes that wait, slices of files included.
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  struct piece {
    base::segment rest;  // what is not yet written
    base::block memory;  // which nothing behind this piece uses
    std::string text;
    std::shared_ptr<const void> owner;
  };

  void open_block(std::size_t n);
  void close_block();
  piece& push();
  void list_only();
  void pop();

  /// Behind `tail_`.
  [[nodiscard]] std::size_t room() const { return static_cast<std::size_t>(open_.data + open_.size - tail_); }

  std::string_view only_;      // all there is, or empty
  std::vector<piece> pieces_;  // else
  base::block open_;           // that copied bytes go into
  char* tail_ = nullptr;       // where it goes on
  std::uint64_t size_ = 0;
  std::uint32_t first_ = 0;  // the pieces before it are written
  bool joined_ = false;      // the last piece, or `only_`, ends at `tail_`
};

}  // namespace parley::engine
