#include "fieldcode/dynamic_table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

namespace parley::fieldcode {
namespace {

constexpr std::size_t smallest_room = 512;
constexpr std::size_t smallest_ring = 16;

void copy_text(char* to, std::string_view from) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

}  // namespace

bool dynamic_table::insert(std::string_view name, std::string_view value, std::uint32_t mark, std::uint32_t name_mark) {
  const std::size_t text_size = name.size() + value.size();
  const std::size_t cost = text_size + overhead;
  if (cost > capacity_) {
    clear();
    return false;
  }
  // Room first: an entry that has to go may hold the name (RFC 7541 §4.4), and its bytes stay where they are until then.
  if (room_ - end_ < text_size) make_room(text_size, name, value);
  while (size_ + cost > capacity_) evict_oldest();
  if (count_ == ring_size()) grow_ring();

  char* const to = bytes_.get() + end_;
  copy_text(to, name);
  copy_text(to + name.size(), value);
  entries_[inserted_ & ring_mask_] = {.at = base_ + static_cast<std::uint32_t>(end_),
                                      .name_size = static_cast<std::uint32_t>(name.size()),
                                      .value_size = static_cast<std::uint32_t>(value.size()),
                                      .mark = mark,
                                      .name_mark = name_mark};
  ++inserted_;
  ++count_;
  end_ += text_size;
  size_ += cost;
  return true;
}

void dynamic_table::evict_oldest() {
  const entry& oldest = newest(count_ - 1);
  size_ -= std::size_t{oldest.name_size} + oldest.value_size + overhead;
  --count_;
}

void dynamic_table::clear() {
  count_ = 0;
  size_ = 0;
}

void dynamic_table::resize(std::size_t capacity) {
  capacity_ = std::min(capacity, largest_capacity);
  while (size_ > capacity_) evict_oldest();
  if (capacity_ == 0) give_back();
}

std::size_t dynamic_table::begin() const { return count_ == 0 ? end_ : static_cast<std::uint32_t>(newest(count_ - 1).at - base_); }

void dynamic_table::make_room(std::size_t size, std::string_view& name, std::string_view& value) {
  const std::size_t from = begin();
  const std::size_t live = end_ - from;
  const char* const old = bytes_.get();
  const auto move_view = [old, from, this](std::string_view& view, const char* now) {
    const std::less<> before;
    if (old == nullptr || before(view.data(), old + from) || !before(view.data(), old + end_)) return;
    view = {now + (view.data() - old - from), view.size()};
  };

  // A third of the room is free after each move, so that a byte is moved twice for each one inserted, at most.
  const std::size_t all = live + size;
  const std::size_t wanted = std::min(std::bit_ceil(std::max(all + all / 2, smallest_room)), 2 * capacity_);
  if (wanted > room_) {
    std::unique_ptr<char[]> grown(new char[wanted]);
    if (live != 0) std::memcpy(grown.get(), old + from, live);
    move_view(name, grown.get());
    move_view(value, grown.get());
    bytes_.swap(grown);
    room_ = wanted;
  } else {
    if (live != 0) std::memmove(bytes_.get(), old + from, live);
    move_view(name, old);
    move_view(value, old);
  }
  base_ += static_cast<std::uint32_t>(from);
  end_ = live;
}

void dynamic_table::grow_ring() { remake_ring(std::max(smallest_ring, 2 * ring_size())); }

void dynamic_table::remake_ring(std::size_t size) {
  std::unique_ptr<entry[]> made(new entry[size]);
  const auto mask = static_cast<std::uint32_t>(size - 1);
  for (std::size_t age = 0; age < count_; ++age) {
    const std::uint32_t number = inserted_ - 1 - static_cast<std::uint32_t>(age);
    made[number & mask] = entries_[number & ring_mask_];
  }
  entries_.swap(made);
  ring_mask_ = mask;
}

void dynamic_table::fit() {
  if (count_ == 0) return give_back();
  const std::size_t from = begin();
  const std::size_t live = end_ - from;
  if (live < room_) {
    std::unique_ptr<char[]> made(new char[live]);
    if (live != 0) std::memcpy(made.get(), bytes_.get() + from, live);
    bytes_.swap(made);
    room_ = end_ = live;
    base_ += static_cast<std::uint32_t>(from);
  }
  if (const std::size_t least = std::bit_ceil(count_); least < ring_size()) remake_ring(least);
}

void dynamic_table::give_back() {
  bytes_.reset();
  entries_.reset();
  room_ = end_ = 0;
  ring_mask_ = 0;
}

}  // namespace parley::fieldcode
