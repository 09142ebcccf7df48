// The content of one stream that waits for its turn and its window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/block_pool.hpp"
#include "engine/events.hpp"
#include "engine/send_queue.hpp"

namespace parley::h2 {

/// First in, first out. Small pieces are copied together, the others stay where they lie. It holds memory only while it is not empty.
class content_queue {
 public:
  content_queue() = default;
  content_queue(const content_queue&) = delete;
  content_queue& operator=(const content_queue&) = delete;
  ~content_queue() { clear(); }

  void append(engine::chunk&& data);
  /// Hands the first `n` bytes, which must be there, to `out`.
  void move_to(engine::send_queue& out, std::uint64_t n);
  void clear();

  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Slices of files included.
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  struct piece {
    std::string_view bytes;
    std::uint64_t offset = 0;  // of a file's slice
    std::uint64_t length = 0;
    std::shared_ptr<const void> owner;
    base::block memory;  // of copied bytes
    int descriptor = -1;
    [[nodiscard]] std::uint64_t size() const { return descriptor < 0 ? bytes.size() : length; }
  };

  void copy(std::string_view bytes);
  piece& push();
  void pop();

  std::vector<piece> pieces_;
  std::uint64_t size_ = 0;
  std::size_t first_ = 0;  // the pieces before it are gone
};

}  // namespace parley::h2
