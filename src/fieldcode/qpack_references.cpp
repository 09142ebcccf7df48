#include "fieldcode/qpack_references.hpp"

#include <algorithm>
#include <bit>

namespace parley::fieldcode {

void qpack_references::set_entries(std::size_t entries) {
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(entries, 1));
  pins_ = std::make_unique<std::uint16_t[]>(size);
  mask_ = size - 1;
}

bool qpack_references::is_at_risk(std::uint64_t stream) const {
  return std::ranges::find(at_risk_, stream, &stream_at_risk::stream) != at_risk_.end();
}

void qpack_references::add(std::uint64_t stream, std::uint64_t required, std::uint64_t lowest) {
  if (first_ == sections_.size()) {
    sections_.clear();
    first_ = 0;
  } else if (first_ > 16 && first_ > sections_.size() / 2) {
    sections_.erase(sections_.begin(), sections_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  sections_.push_back({stream, required, lowest});
  ++pins_[lowest & mask_];
  if (required <= known_) return;
  const auto at = std::ranges::find(at_risk_, stream, &stream_at_risk::stream);
  if (at == at_risk_.end()) {
    at_risk_.push_back({stream, required});
  } else {
    at->required = std::max(at->required, required);
  }
}

bool qpack_references::acknowledge(std::uint64_t stream) {
  const auto from = sections_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto at = std::find_if(from, sections_.end(), [stream](const section& s) { return s.stream == stream; });
  if (at == sections_.end()) return false;
  const std::uint64_t required = at->required;
  unpin(at->lowest);
  if (at == from) {
    ++first_;
  } else {
    sections_.erase(at);
  }
  if (required > known_) raise_known(required);
  return true;
}

void qpack_references::cancel(std::uint64_t stream) {
  const auto from = sections_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto rest = std::remove_if(from, sections_.end(), [&](const section& s) {
    if (s.stream != stream) return false;
    unpin(s.lowest);
    return true;
  });
  sections_.erase(rest, sections_.end());
  std::erase_if(at_risk_, [stream](const stream_at_risk& s) { return s.stream == stream; });
}

bool qpack_references::increment(std::uint64_t n, std::uint64_t inserted) {
  if (n == 0 || n > inserted - known_) return false;
  raise_known(known_ + n);
  return true;
}

void qpack_references::raise_known(std::uint64_t known) {
  known_ = known;
  std::erase_if(at_risk_, [known](const stream_at_risk& s) { return s.required <= known; });
}

std::size_t qpack_references::memory() const {
  return sections_.capacity() * sizeof(section) + at_risk_.capacity() * sizeof(stream_at_risk) +
         (pins_ == nullptr ? 0 : (mask_ + 1) * sizeof(std::uint16_t));
}

}  // namespace parley::fieldcode
