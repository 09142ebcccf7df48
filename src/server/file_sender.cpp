#include "server/file_sender.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <vector>

namespace parley::server_room {

namespace {

#ifndef SYS_cachestat
#define SYS_cachestat 451  // Linux 6.5
#endif

// As the kernel has them (linux/mman.h, which older headers lack).
struct cache_range {
  std::uint64_t offset;
  std::uint64_t length;
};
struct cache_counts {
  std::uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

// Where the kernel cannot count: pages come and go in runs, since reading goes ahead, so a look at every sixteenth does.
constexpr std::uint64_t sample_step = 64 * 1024;
constexpr std::size_t read_room = 128 * 1024;
constexpr std::chrono::milliseconds ask_again{20};

bool byte_in_memory(int descriptor, std::uint64_t offset) {
  char byte = 0;
  iovec room{&byte, 1};
  return ::preadv2(descriptor, &room, 1, static_cast<off_t>(offset), RWF_NOWAIT) >= 0;
}

}  // namespace

bool is_in_memory(int descriptor, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return true;
  cache_range range{offset, length};
  cache_counts counts{};
  if (::syscall(SYS_cachestat, descriptor, &range, &counts, 0) == 0) {
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return counts.cached >= (offset + length - 1) / page - offset / page + 1;
  }
  for (std::uint64_t at = 0; at < length; at += sample_step) {
    if (!byte_in_memory(descriptor, offset + at)) return false;
  }
  return byte_in_memory(descriptor, offset + length - 1);
}

void bring_into_memory(int descriptor, std::uint64_t offset, std::uint64_t length) {
  // The disk hears of all of it first; then reading waits for it.
  (void)::posix_fadvise(descriptor, static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_WILLNEED);
  std::vector<char> room(read_room);
  const std::uint64_t end = offset + length;
  while (offset < end) {
    const ssize_t n =
        ::pread(descriptor, room.data(), std::min<std::uint64_t>(room.size(), end - offset), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // what is wrong shows when it is sent
    offset += static_cast<std::uint64_t>(n);
  }
}

task<> wait_for_disk(const detail::file_content& file, std::uint64_t offset, std::uint64_t length) {
  while (true) {
    try {
      auto reading =
          blocking([owner = file.owner, fd = file.descriptor, offset, length] { bring_into_memory(fd, offset, length); });
      co_await reading;
      co_return;
    } catch (const overloaded&) {
      // The head is sent, so there is no other answer any more.
    }
    auto pause = sleep_for(ask_again);
    co_await pause;
  }
}

task<> send_file(detail::file_content file, connection::outgoing_content& to) {
  const std::uint64_t end = file.offset + file.length;
  const std::uint64_t most = to.takes_files() ? file_piece : file_piece_in_memory;
  for (std::uint64_t at = file.offset; at < end;) {
    const std::uint64_t length = std::min(most, end - at);
    if (!is_in_memory(file.descriptor, at, length)) {
      auto reading = wait_for_disk(file, at, std::min(file_piece, end - at));
      co_await reading;
    }
    to.write(detail::file_content{file.owner, file.descriptor, at, length});
    at += length;
    detail::write_operation room(&to);
    co_await room;
  }
}

task<> send_parts(const detail::parts_content& parts, connection::outgoing_content& to) {
  for (std::size_t i = 0; i < parts.files.size(); ++i) {
    to.write(std::string_view(parts.texts[i]));
    auto sending = send_file(parts.files[i], to);
    co_await sending;
  }
  to.write(std::string_view(parts.texts.back()));
}

}  // namespace parley::server_room
