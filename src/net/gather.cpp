#include "net/gather.hpp"

#include "net/socket_calls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/uio.h>

namespace parley::net {
namespace {

/// What follows one another in one file and is to be read into several places.
class file_run {
 public:
  [[nodiscard]] bool takes(int file, std::uint64_t offset) const {
    return count_ == 0 || (file == file_ && offset == end_ && count_ < parts_.size());
  }
  void add(int file, std::uint64_t offset, std::span<char> to) {
    if (count_ == 0) {
      file_ = file;
      begin_ = offset;
    }
    end_ = offset + to.size();
    parts_[count_++] = {to.data(), to.size()};
  }
  /// Reads all of it.
  std::error_code read() {
    for (std::size_t first = 0; first < count_;) {
      const ssize_t n = preadv(file_, parts_.data() + first, static_cast<int>(count_ - first), static_cast<off_t>(begin_));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        missing_ = static_cast<const char*>(parts_[first].iov_base);
        return n < 0 ? last_error() : make_error_code(std::errc::io_error);
      }
      begin_ += static_cast<std::uint64_t>(n);
      for (auto left = static_cast<std::size_t>(n); left > 0;) {
        iovec& part = parts_[first];
        const std::size_t taken = std::min(left, part.iov_len);
        part = {static_cast<char*>(part.iov_base) + taken, part.iov_len - taken};
        left -= taken;
        if (part.iov_len == 0) ++first;
      }
    }
    count_ = 0;
    return {};
  }
  /// After an error: the first byte that was not read.
  [[nodiscard]] const char* missing() const { return missing_; }

 private:
  std::array<iovec, 32> parts_;
  std::size_t count_ = 0;
  int file_ = -1;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  const char* missing_ = nullptr;
};

}  // namespace

gathered gather(std::span<const base::segment> segments, std::uint64_t skip, std::span<char> room) {
  file_run run;
  std::size_t size = 0;
  for (const base::segment& s : segments) {
    if (size == room.size()) break;
    const std::span<char> to =
        room.subspan(size, static_cast<std::size_t>(std::min<std::uint64_t>(room.size() - size, s.size() - skip)));
    if (s.descriptor < 0) {
      if (!to.empty()) std::memcpy(to.data(), s.bytes.data() + skip, to.size());
    } else if (!to.empty()) {
      if (!run.takes(s.descriptor, s.offset + skip)) {
        if (const std::error_code error = run.read()) return {static_cast<std::size_t>(run.missing() - room.data()), error};
      }
      run.add(s.descriptor, s.offset + skip, to);
    }
    size += to.size();
    skip = 0;
  }
  if (const std::error_code error = run.read()) return {static_cast<std::size_t>(run.missing() - room.data()), error};
  return {size, {}};
}

}  // namespace parley::net
