#include "h3/send_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/spares.hpp"

namespace parley::h3 {

namespace {
// Gone pieces at the front are dropped when there are this many.
constexpr std::size_t buffer_compact_after = 16;
constexpr std::size_t most_spare_buffer_pieces = 64;
}  // namespace

send_buffer::piece& send_buffer::push() {
  if (first_ >= buffer_compact_after && first_ * 2 >= pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    next_ -= first_;
    if (last_user_ != none) last_user_ = last_user_ >= first_ ? last_user_ - first_ : none;
    first_ = 0;
  }
  if (pieces_.capacity() == 0) pieces_ = base::spares<std::vector<piece>>::take();
  return pieces_.emplace_back();
}

void send_buffer::open_block(std::size_t n) {
  close_block();
  open_ = base::acquire_block(n);
  tail_ = open_.data;
  room_ = open_.size;
}

// The block goes with the last piece that lies in it.
void send_buffer::close_block() {
  if (open_.data == nullptr) return;
  if (last_user_ != none && last_user_ >= first_ && last_user_ < pieces_.size()) {
    pieces_[last_user_].memory = open_;
  } else {
    base::release_block(open_);
  }
  open_ = {};
  tail_ = nullptr;
  room_ = 0;
  last_user_ = none;
}

void send_buffer::commit(char* from, std::size_t n) {
  const bool joins = !pieces_.empty() && first_ < pieces_.size() && last_user_ == pieces_.size() - 1 &&
                     pieces_.back().bytes.data() + pieces_.back().bytes.size() == from;
  if (joins) {
    piece& last = pieces_.back();
    last.bytes = {last.bytes.data(), last.bytes.size() + n};
  } else {
    piece& p = push();
    p.bytes = {from, n};
    last_user_ = pieces_.size() - 1;
  }
  room_ -= static_cast<std::size_t>(from + n - tail_);
  tail_ = from + n;
  unsent_ += n;
}

void send_buffer::copy(std::string_view bytes) {
  if (bytes.empty()) return;
  if (room_ > 0 && room_ < bytes.size()) {
    char* const p = tail_;
    const std::size_t part = room_;
    std::memcpy(p, bytes.data(), part);
    commit(p, part);
    bytes.remove_prefix(part);
  }
  char* const p = reserve(bytes.size());
  std::memcpy(p, bytes.data(), bytes.size());
  commit(p, bytes.size());
}

void send_buffer::append(engine::chunk&& data) {
  const auto size = static_cast<std::size_t>(data.size());
  if (size == 0) return;
  if (auto* view = std::get_if<engine::chunk::view>(&data.content)) {
    if (size <= copy_limit) return copy(view->data);
    data = {engine::chunk::owned{std::string(view->data)}};
  }
  if (auto* owned = std::get_if<engine::chunk::owned>(&data.content)) {
    if (size <= copy_limit) return copy(owned->data);
    auto text = std::make_shared<const std::string>(std::move(owned->data));
    const std::string_view all = *text;
    data = {engine::chunk::shared{all, std::move(text)}};
  }
  if (auto* shared = std::get_if<engine::chunk::shared>(&data.content)) {
    if (size <= copy_limit) return copy(shared->data);
    piece& p = push();
    p.bytes = shared->data;
    p.owner = std::move(shared->owner);
    unsent_ += size;
  }
}

std::size_t send_buffer::peek(std::span<std::string_view> out) const {
  std::size_t n = 0;
  std::size_t offset = next_offset_;
  for (std::size_t i = next_; i < pieces_.size() && n < out.size(); ++i, offset = 0) {
    const std::string_view rest = pieces_[i].bytes.substr(offset);
    if (!rest.empty()) out[n++] = rest;
  }
  return n;
}

void send_buffer::sent(std::size_t n) {
  unsent_ -= n;
  unacknowledged_ += n;
  // Never beyond the last piece, which may grow.
  while (n > 0) {
    const std::size_t left = pieces_[next_].bytes.size() - next_offset_;
    if (left == 0) {
      ++next_;
      next_offset_ = 0;
      continue;
    }
    const std::size_t part = std::min(n, left);
    next_offset_ += part;
    n -= part;
  }
}

void send_buffer::acknowledged(std::size_t n) {
  unacknowledged_ -= n;
  while (n > 0) {
    const std::size_t left = pieces_[first_].bytes.size() - first_offset_;
    const std::size_t part = std::min(n, left);
    first_offset_ += part;
    n -= part;
    if (part == left) pop();
  }
  if (empty()) clear();
}

void send_buffer::pop() {
  piece& p = pieces_[first_];
  base::release_block(p.memory);
  p = {};
  ++first_;
  first_offset_ = 0;
  if (next_ >= first_) return;
  next_ = first_;
  next_offset_ = 0;
}

void send_buffer::rewind() {
  next_ = first_;
  next_offset_ = first_offset_;
  unsent_ += unacknowledged_;
  unacknowledged_ = 0;
}

void send_buffer::clear() {
  while (first_ < pieces_.size()) pop();
  pieces_.clear();
  last_user_ = none;
  close_block();
  if (pieces_.capacity() > 0 && pieces_.capacity() <= most_spare_buffer_pieces) {
    base::spares<std::vector<piece>>::give(std::move(pieces_));
  }
  std::vector<piece>().swap(pieces_);
  first_ = first_offset_ = next_ = next_offset_ = 0;
  unsent_ = unacknowledged_ = 0;
}

}  // namespace parley::h3
