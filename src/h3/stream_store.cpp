#include "h3/stream_store.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "base/spares.hpp"

namespace parley::h3 {

namespace {
constexpr std::size_t fewest_slots = 16;
// How many streams a connection keeps for itself while it is busy.
constexpr std::size_t most_spare_streams = 128;
}  // namespace

stream_store::~stream_store() {
  for (const slot& s : slots_) {
    if (s.id != 0) delete s.at;
  }
}

void stream_store::insert(engine::stream_id id, stream* at) {
  std::size_t i = place_of(id);
  while (slots_[i].id != 0) i = (i + 1) & mask_;
  slots_[i] = {id, at};
}

void stream_store::grow() {
  if (slots_.empty()) slots_ = base::spares<std::vector<slot>>::take();
  if (slots_.empty() || size_ > 0) {
    const auto old = std::exchange(slots_, std::vector<slot>(std::max(fewest_slots, slots_.size() * 2)));
    mask_ = slots_.size() - 1;
    for (const slot& s : old) {
      if (s.id != 0) insert(s.id, s.at);
    }
  }
  mask_ = slots_.size() - 1;
}

stream& stream_store::open(engine::stream_id id) {
  if (slots_.empty() || size_ * 2 >= slots_.size()) grow();
  std::unique_ptr<stream> s;
  if (!spare_.empty()) {
    s = std::move(spare_.back());
    spare_.pop_back();
  } else {
    s = base::spares<std::unique_ptr<stream>>::take();
    if (!s) s = std::make_unique<stream>();
  }
  s->id = id;
  insert(id, s.get());
  ++size_;
  return *s.release();
}

void stream_store::close(stream& s) {
  std::size_t i = place_of(s.id);
  while (slots_[i].id != s.id) i = (i + 1) & mask_;
  std::unique_ptr<stream> gone(slots_[i].at);
  --size_;
  // What was displaced by it moves up, so that no search ends too early.
  for (std::size_t j = i;;) {
    slots_[i] = {};
    while (true) {
      j = (j + 1) & mask_;
      if (slots_[j].id == 0) {
        std::destroy_at(gone.get());
        std::construct_at(gone.get());
        if (spare_.size() < most_spare_streams) spare_.push_back(std::move(gone));
        return;
      }
      const std::size_t home = place_of(slots_[j].id);
      const bool stays = i <= j ? (i < home && home <= j) : (i < home || home <= j);
      if (!stays) break;
    }
    slots_[i] = slots_[j];
    i = j;
  }
}

std::vector<engine::stream_id> stream_store::ids() const {
  std::vector<engine::stream_id> all;
  all.reserve(size_);
  for_each([&](const stream& s) { all.push_back(s.id); });
  std::ranges::sort(all);
  return all;
}

void stream_store::rest() {
  while (!spare_.empty()) {
    base::spares<std::unique_ptr<stream>>::give(std::move(spare_.back()));
    spare_.pop_back();
  }
  std::vector<std::unique_ptr<stream>>().swap(spare_);
  if (size_ > 0 || slots_.empty()) return;
  base::spares<std::vector<slot>>::give(std::exchange(slots_, {}));
  mask_ = 0;
}

}  // namespace parley::h3
