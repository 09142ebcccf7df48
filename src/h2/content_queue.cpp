#include "h2/content_queue.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/spares.hpp"

namespace parley::h2 {

namespace {

// Up to this a piece is copied; more, and it is kept by reference.
constexpr std::size_t content_copy_limit = engine::send_queue::copy_limit;
// Gone pieces at the front are dropped when there are this many.
constexpr std::size_t content_compact_after = 16;
constexpr std::size_t most_spare_content_pieces = 64;

}  // namespace

content_queue::piece& content_queue::push() {
  if (first_ >= content_compact_after) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  if (pieces_.capacity() == 0) pieces_ = base::spares<std::vector<piece>>::take();
  return pieces_.emplace_back();
}

void content_queue::copy(std::string_view bytes) {
  size_ += bytes.size();
  if (first_ < pieces_.size() && pieces_.back().memory.data != nullptr) {
    piece& last = pieces_.back();
    const auto used = static_cast<std::size_t>(last.bytes.data() + last.bytes.size() - last.memory.data);
    const std::size_t n = std::min(bytes.size(), last.memory.size - used);
    if (n > 0) std::memcpy(last.memory.data + used, bytes.data(), n);
    last.bytes = {last.bytes.data(), last.bytes.size() + n};
    bytes.remove_prefix(n);
  }
  if (bytes.empty()) return;
  const base::block memory = base::acquire_block(bytes.size());
  std::memcpy(memory.data, bytes.data(), bytes.size());
  piece& p = push();
  p.memory = memory;
  p.bytes = {memory.data, bytes.size()};
}

void content_queue::append(engine::chunk&& data) {
  const std::uint64_t size = data.size();
  if (size == 0) return;
  if (auto* view = std::get_if<engine::chunk::view>(&data.content)) {
    if (size <= content_copy_limit) return copy(view->data);
    data = {engine::chunk::owned{std::string(view->data)}};
  }
  if (auto* owned = std::get_if<engine::chunk::owned>(&data.content)) {
    if (size <= content_copy_limit) return copy(owned->data);
    auto text = std::make_shared<const std::string>(std::move(owned->data));
    const std::string_view all = *text;
    data = {engine::chunk::shared{all, std::move(text)}};
  }
  if (auto* shared = std::get_if<engine::chunk::shared>(&data.content)) {
    if (size <= content_copy_limit) return copy(shared->data);
    piece& p = push();
    p.bytes = shared->data;
    p.owner = std::move(shared->owner);
  } else if (auto* file = std::get_if<engine::chunk::file>(&data.content)) {
    piece& p = push();
    p.descriptor = file->descriptor;
    p.offset = file->offset;
    p.length = file->length;
    p.owner = std::move(file->owner);
  }
  size_ += size;
}

void content_queue::pop() {
  piece& p = pieces_[first_];
  base::release_block(p.memory);
  p = {};
  if (++first_ < pieces_.size()) return;
  pieces_.clear();
  if (pieces_.capacity() <= most_spare_content_pieces) base::spares<std::vector<piece>>::give(std::move(pieces_));
  std::vector<piece>().swap(pieces_);
  first_ = 0;
}

void content_queue::move_to(engine::send_queue& out, std::uint64_t n) {
  size_ -= n;
  while (n > 0) {
    piece& p = pieces_[first_];
    const std::uint64_t part = std::min(n, p.size());
    const bool last = part == p.size();
    if (p.descriptor >= 0) {
      out.append({engine::chunk::file{p.descriptor, p.offset, part, last ? std::move(p.owner) : p.owner}});
      p.offset += part;
      p.length -= part;
    } else {
      const std::string_view bytes = p.bytes.substr(0, static_cast<std::size_t>(part));
      if (p.memory.data != nullptr) {
        out.copy(bytes);
      } else {
        out.append({engine::chunk::shared{bytes, last ? std::move(p.owner) : p.owner}});
      }
      p.bytes.remove_prefix(bytes.size());
    }
    n -= part;
    if (last) pop();
  }
}

void content_queue::clear() {
  while (first_ < pieces_.size()) pop();
  size_ = 0;
}

}  // namespace parley::h2
