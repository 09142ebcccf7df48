#include "net/socket_write.hpp"

#include "net/socket_address.hpp"
#include "net/socket_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

namespace parley::net {
namespace {

constexpr std::size_t most_parts = 64;                       // of one sendmsg; well below IOV_MAX, and it lives on the stack
constexpr std::uint64_t most_of_files = 4ULL * 1024 * 1024;  // of one call
constexpr std::uint64_t most_in_one_packet = 64UL * 1024;
constexpr std::size_t copy_size = 32UL * 1024;  // where sendfile cannot

/// Where writing stands: `done` bytes of `segments[index]` are written.
struct write_place {
  std::span<const base::segment> segments;
  std::size_t index = 0;
  std::uint64_t done = 0;

  [[nodiscard]] bool at_end() const { return index == segments.size(); }
  void advance(std::uint64_t n) {
    while (!at_end() && n >= segments[index].size() - done) {
      n -= segments[index].size() - done;
      ++index;
      done = 0;
    }
    done += n;
  }
};

/// Writes the run of byte segments at `place`. `more`: bytes follow soon, so a packet that they could fill may wait for them.
write_result write_bytes(int socket, write_place place, bool more) {
  iovec parts[most_parts];
  std::size_t count = 0;
  std::size_t total = 0;
  std::size_t i = place.index;
  for (std::uint64_t skip = place.done; i < place.segments.size() && count < most_parts; ++i, skip = 0) {
    const base::segment& s = place.segments[i];
    if (s.descriptor >= 0) break;
    const std::string_view bytes = s.bytes.substr(skip);
    if (bytes.empty()) continue;
    parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg does not write to it
    total += bytes.size();
  }
  if (total == 0) return {};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  // MSG_MORE: a head leaves in one packet with the small file behind it. Before a large one it would only hold up what follows, at half the
  // throughput.
  const bool small_file_follows = i < place.segments.size() && place.segments[i].size() <= most_in_one_packet;
  const bool at_end = i == place.segments.size();
  const int flags = MSG_NOSIGNAL | (small_file_follows || (at_end && more) ? MSG_MORE : 0);
  ssize_t n = 0;
  // One piece is the usual case, and costs the kernel less so.
  do n = count == 1 ? send_once(socket, parts[0].iov_base, parts[0].iov_len, flags) : sendmsg(socket, &message, flags);
  while (n < 0 && errno == EINTR);
  if (n >= 0) return {static_cast<std::size_t>(n), static_cast<std::size_t>(n) < total, {}};
  if (errno == EAGAIN) return {0, true, {}};
  return {0, false, last_error()};
}

/// Some file systems have no sendfile.
write_result copy_file(int socket, int file, std::uint64_t offset, std::size_t length) {
  char room[copy_size];
  const ssize_t got = pread(file, room, std::min(length, copy_size), static_cast<off_t>(offset));
  if (got < 0) return {0, false, last_error()};
  if (got == 0) return {0, false, make_error_code(std::errc::io_error)};
  const base::segment copied{{room, static_cast<std::size_t>(got)}};
  return write_bytes(socket, {{&copied, 1}}, false);
}

/// Writes a part of the file slice at `place`, at most `most` bytes.
write_result write_file(int socket, const write_place& place, std::uint64_t most) {
  const base::segment& slice = place.segments[place.index];
  auto offset = static_cast<off_t>(slice.offset + place.done);
  const auto length = static_cast<std::size_t>(std::min(slice.length - place.done, most));
  ssize_t n = 0;
  do n = sendfile(socket, slice.descriptor, &offset, length);
  while (n < 0 && errno == EINTR);
  if (n > 0) return {static_cast<std::size_t>(n), false, {}, static_cast<std::size_t>(n)};
  // The file has become shorter than what was promised, and nothing true can follow.
  if (n == 0) return {0, false, make_error_code(std::errc::io_error)};
  if (errno == EAGAIN) return {0, true, {}};
  if (errno == EINVAL || errno == ENOSYS) return copy_file(socket, slice.descriptor, slice.offset + place.done, length);
  return {0, false, last_error()};
}

/// The usual case: one piece of bytes, such as a head with a small content behind it.
socket_written write_piece(int socket, std::string_view bytes, bool more) {
  ssize_t n = 0;
  do n = send_once(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  while (n < 0 && errno == EINTR);
  socket_written all;
  if (n >= 0) {
    all.written = static_cast<std::size_t>(n);
    all.blocked = all.full = all.written < bytes.size();
  } else if (errno == EAGAIN) {
    all.blocked = all.full = true;
  } else {
    all.error = last_error();
  }
  return all;
}

}  // namespace

socket_written write_segments(int socket, std::span<const base::segment> segments, bool more) {
  if (segments.size() == 1 && segments[0].descriptor < 0 && !segments[0].bytes.empty()) [[likely]] {
    return write_piece(socket, segments[0].bytes, more);
  }
  socket_written all;
  write_place place{segments};
  place.advance(0);
  std::uint64_t of_files = 0;
  while (!place.at_end()) {
    const bool file = segments[place.index].descriptor >= 0;
    if (file && of_files == most_of_files) {
      all.blocked = true;
      return all;
    }
    const write_result part = file ? write_file(socket, place, most_of_files - of_files) : write_bytes(socket, place, more);
    all.written += part.written;
    all.by_sendfile += part.by_sendfile;
    all.blocked = all.full = part.blocked;
    all.error = part.error;
    if (part.blocked || part.error) return all;
    if (file) of_files += part.written;
    place.advance(part.written);
  }
  return all;
}

std::uint64_t unsent_bytes(int socket) {
  int n = 0;
  return ioctl(socket, SIOCOUTQ, &n) == 0 && n > 0 ? static_cast<std::uint64_t>(n) : 0;
}

}  // namespace parley::net
