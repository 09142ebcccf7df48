#include "connection/record_cursor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace parley::connection {

void record_cursor::pass_empty() {
  while (!segments_.empty() && used_ == segments_.front().size()) {
    segments_ = segments_.subspan(1);
    used_ = 0;
  }
}

void record_cursor::skip(std::size_t n) {
  while (n > 0 && !segments_.empty()) {
    const std::size_t part = std::min<std::uint64_t>(n, segments_.front().size() - used_);
    used_ += part;
    n -= part;
    pass_empty();
  }
}

std::size_t record_cursor::read_file(const base::segment& from, char* to, std::size_t n) {
  std::size_t got = 0;
  while (got < n) {
    const ssize_t part = ::pread(from.descriptor, to + got, n - got, static_cast<off_t>(from.offset + used_ + got));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) {
      error_ = {errno, std::system_category()};
    } else if (part == 0) {
      error_ = make_error_code(std::errc::io_error);
    }
    if (part <= 0) break;
    got += static_cast<std::size_t>(part);
  }
  return got;
}

std::string_view record_cursor::take(std::size_t most) {
  if (segments_.empty() || error_) return {};
  const base::segment& first = segments_.front();
  if (first.descriptor < 0 && (first.bytes.size() - used_ >= most || segments_.size() == 1)) {
    const std::string_view piece = first.bytes.substr(used_, most);
    used_ += piece.size();
    pass_empty();
    return piece;
  }
  if (gathered_.size < most) {
    base::release_block(gathered_);
    gathered_ = {};
    gathered_ = base::acquire_block(most);
  }
  std::size_t n = 0;
  while (n < most && !segments_.empty() && !error_) {
    const base::segment& s = segments_.front();
    const std::size_t part = std::min<std::uint64_t>(most - n, s.size() - used_);
    std::size_t got = part;
    if (s.descriptor < 0) {
      std::memcpy(gathered_.data + n, s.bytes.data() + used_, part);
    } else {
      got = read_file(s, gathered_.data + n, part);
    }
    used_ += got;
    n += got;
    pass_empty();
  }
  return {gathered_.data, n};
}

}  // namespace parley::connection
