#include "quic/batch.hpp"

namespace parley::quic {

void batch::release() {
  if (!runs_.empty()) return;
  bytes_.reset();
  used_ = 0;
}

std::span<unsigned char> batch::room() {
  if (!bytes_) bytes_ = std::make_unique_for_overwrite<unsigned char[]>(capacity_);
  return {bytes_.get() + used_, capacity_ - used_};
}

void batch::add(const path& where, ecn mark, std::size_t size) {
  const char* at = reinterpret_cast<const char*>(bytes_.get()) + used_;
  used_ += size;
  if (!runs_.empty()) {
    datagram_run& last = runs_.back();
    // Only the last datagram of a run may be shorter than the others.
    const bool open = last.bytes.size() % last.segment == 0 && size <= last.segment;
    if (open && last.mark == mark && last.count() < most_segments && last.bytes.size() + size <= most_bytes_of_a_run &&
        last.where == where) {
      last.bytes = {last.bytes.data(), last.bytes.size() + size};
      return;
    }
  }
  runs_.push_back({where, mark, size, {at, size}});
}

}  // namespace parley::quic
