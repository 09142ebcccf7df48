#include "engine/send_queue.hpp"

#include "base/spares.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::engine {

namespace {

// The first block holds most heads; a queue that grows takes larger ones.
constexpr std::size_t first_block = 4 * 1024;
constexpr std::size_t next_block = 16 * 1024;
// Written pieces at the front are dropped at once, or when there are this many.
constexpr std::size_t compact_after = 16;
// A list of more is not kept for reuse.
constexpr std::size_t most_spare_pieces = 64;

}  // namespace

// Something follows what was alone.
void send_queue::list_only() {
  if (only_.empty()) return;
  if (pieces_.capacity() == 0) pieces_ = base::spares<std::vector<piece>>::take();
  pieces_.emplace_back().rest.bytes = only_;
  only_ = {};
}

send_queue::piece& send_queue::push() {
  list_only();
  if (first_ >= compact_after) {
    // Blocks, long strings and owners keep their bytes in place when they are moved.
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  if (pieces_.capacity() == 0) pieces_ = base::spares<std::vector<piece>>::take();
  return pieces_.emplace_back();
}

void send_queue::open_block(std::size_t n) {
  list_only();
  const base::block memory = base::acquire_block(std::max(n, empty() ? first_block : next_block));
  if (first_ < pieces_.size()) {
    pieces_.back().memory = open_;  // whatever that piece is: nothing behind it lies in the block
  } else {
    base::release_block(open_);
  }
  open_ = memory;
  tail_ = memory.data;
  joined_ = false;
}

void send_queue::commit(std::size_t n) {
  if (n == 0) return;
  if (!only_.empty()) {
    only_ = {only_.data(), only_.size() + n};
  } else if (empty()) {
    only_ = {tail_, n};
    joined_ = true;
  } else if (joined_) {
    auto& bytes = pieces_.back().rest.bytes;
    bytes = {bytes.data(), bytes.size() + n};
  } else {
    push().rest.bytes = {tail_, n};
    joined_ = true;
  }
  tail_ += n;
  size_ += n;
}

void send_queue::copy(std::string_view bytes) {
  while (!bytes.empty()) {
    if (room() == 0) open_block(std::min(bytes.size(), next_block));
    const std::size_t n = std::min(bytes.size(), room());
    std::memcpy(tail_, bytes.data(), n);
    commit(n);
    bytes.remove_prefix(n);
  }
}

void send_queue::append(chunk&& data) {
  if (auto* view = std::get_if<chunk::view>(&data.content)) return copy(view->data);
  if (auto* owned = std::get_if<chunk::owned>(&data.content); owned && owned->data.size() <= copy_limit) return copy(owned->data);
  if (auto* shared = std::get_if<chunk::shared>(&data.content); shared && shared->data.size() <= copy_limit) {
    return copy(shared->data);
  }
  const std::uint64_t size = data.size();
  if (size == 0) return;
  piece& p = push();
  joined_ = false;
  if (auto* owned = std::get_if<chunk::owned>(&data.content)) {
    p.text = std::move(owned->data);
    p.rest.bytes = p.text;
  } else if (auto* shared = std::get_if<chunk::shared>(&data.content)) {
    p.owner = std::move(shared->owner);
    p.rest.bytes = shared->data;
  } else if (auto* file = std::get_if<chunk::file>(&data.content)) {
    p.owner = std::move(file->owner);
    p.rest.descriptor = file->descriptor;
    p.rest.offset = file->offset;
    p.rest.length = file->length;
  }
  size_ += size;
}

std::size_t send_queue::peek(std::span<base::segment> out) const {
  if (!only_.empty() && !out.empty()) {
    out[0] = base::segment{only_};
    return 1;
  }
  std::size_t n = 0;
  for (std::size_t i = first_; i < pieces_.size() && n < out.size(); ++i) {
    if (pieces_[i].rest.size() > 0) out[n++] = pieces_[i].rest;
  }
  return n;
}

void send_queue::pop() {
  piece& p = pieces_[first_];
  base::release_block(p.memory);
  if (++first_ < pieces_.size()) {
    p = {};
  } else {
    pieces_.clear();
    if (pieces_.capacity() <= most_spare_pieces) base::spares<std::vector<piece>>::give(std::move(pieces_));
    pieces_ = {};
    first_ = 0;
    close_block();
  }
}

void send_queue::close_block() {
  base::release_block(std::exchange(open_, {}));
  tail_ = nullptr;
  joined_ = false;
}

void send_queue::written(std::uint64_t n) {
  n = std::min(n, size_);
  size_ -= n;
  if (!only_.empty()) {
    only_.remove_prefix(static_cast<std::size_t>(n));
    if (only_.empty()) close_block();
    return;
  }
  while (n > 0) {
    base::segment& rest = pieces_[first_].rest;
    const std::uint64_t part = std::min(n, rest.size());
    if (rest.descriptor < 0) {
      rest.bytes.remove_prefix(static_cast<std::size_t>(part));
    } else {
      rest.offset += part;
      rest.length -= part;
    }
    n -= part;
    if (rest.size() == 0) pop();
  }
}

void send_queue::clear() {
  while (first_ < pieces_.size()) pop();
  only_ = {};
  close_block();
  size_ = 0;
}

}  // namespace parley::engine
