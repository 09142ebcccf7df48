#include "base/buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

namespace parley::base {

void buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(writable(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void buffer::compact() {
  if (begin_ == 0) return;
  if (size() != 0) std::memmove(block_.data, block_.data + begin_, size());
  end_ -= begin_;
  begin_ = 0;
}

bool buffer::release() {
  if (empty()) reset();
  return block_.data == nullptr;
}

void buffer::reset() {
  release_block(block_);
  block_ = {};
  begin_ = end_ = 0;
}

void buffer::make_room(std::size_t n) {
  if (block_.data == nullptr) [[likely]] {
    block_ = acquire_block(n);
    return;
  }
  const std::size_t used = size();
  // Moving costs less than growing, yet a buffer that is nearly full would then move for every few bytes that arrive.
  if (used <= block_.size / 2 && block_.size - used >= n) {
    compact();
    return;
  }
  if (n > SIZE_MAX - used) throw std::bad_alloc();
  // Twice what is used: the half-full rule above holds for the next call.
  const block larger = acquire_block(std::max(used + n, used * 2));
  if (used != 0) std::memcpy(larger.data, block_.data + begin_, used);
  release_block(block_);
  block_ = larger;
  begin_ = 0;
  end_ = used;
}

}  // namespace parley::base
