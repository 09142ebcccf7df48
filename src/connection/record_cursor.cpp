#include "connection/record_cursor.hpp"

#include "net/gather.hpp"

#include <algorithm>
#include <cstring>

namespace parley::connection {

namespace {
// Read and copied at once: a run of records.
constexpr std::size_t most_together = 112 * 1024;
// Bytes between slices of files, such as a frame's header, are copied among them; longer ones are taken where they lie.
constexpr std::size_t most_between = 512;
}  // namespace

void record_cursor::pass_empty() {
  while (!segments_.empty() && used_ == segments_.front().size()) {
    segments_ = segments_.subspan(1);
    used_ = 0;
  }
}

void record_cursor::advance(std::size_t n) {
  while (n > 0 && !segments_.empty()) {
    const std::size_t part = std::min<std::uint64_t>(n, segments_.front().size() - used_);
    used_ += part;
    n -= part;
    pass_empty();
  }
}

void record_cursor::skip(std::size_t n) { advance(n); }

std::size_t record_cursor::left(std::size_t most) const {
  std::uint64_t n = ahead_.size();
  std::uint64_t skip = used_;
  for (const base::segment& s : segments_) {
    if (n >= most) break;
    n += s.size() - skip;
    skip = 0;
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>(n, most));
}

// How much to bring together for a record of `most` bytes: with slices of files, what follows them too, for a read costs less so.
std::size_t record_cursor::extent(std::size_t most) const {
  std::uint64_t n = 0;
  std::uint64_t skip = used_;
  for (const base::segment& s : segments_) {
    if (n >= most_together) break;
    const std::uint64_t rest = s.size() - skip;
    if (s.descriptor < 0 && rest > most_between && n + rest > most) {
      n = std::max<std::uint64_t>(n, most);
      break;
    }
    n += rest;
    skip = 0;
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>(n, most_together));
}

void record_cursor::bring_together(std::size_t most) {
  const std::size_t kept = ahead_.size();
  const std::size_t size = kept + extent(most - kept);
  base::block room = gathered_;
  if (room.size < size) room = base::acquire_block(size);
  if (kept > 0) std::memmove(room.data, ahead_.data(), kept);
  if (room.data != gathered_.data) base::release_block(gathered_);
  gathered_ = room;
  const net::gathered got = net::gather(segments_, used_, {room.data + kept, size - kept});
  error_ = got.error;
  advance(got.size);
  ahead_ = {room.data, kept + got.size};
}

std::string_view record_cursor::take(std::size_t most) {
  if (ahead_.size() < most && !segments_.empty() && !error_) {
    const base::segment& first = segments_.front();
    if (ahead_.empty() && first.descriptor < 0 && (first.bytes.size() - used_ >= most || segments_.size() == 1)) {
      const std::string_view piece = first.bytes.substr(used_, most);
      advance(piece.size());
      return piece;
    }
    bring_together(most);
  }
  const std::string_view piece = ahead_.substr(0, most);
  ahead_.remove_prefix(piece.size());
  return piece;
}

}  // namespace parley::connection
