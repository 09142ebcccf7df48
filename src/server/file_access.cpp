#include "server/file_access.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace parley::server_room {

namespace {

// O_NONBLOCK: opening a pipe that nobody writes to would wait.
constexpr int file_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

int open_resolved(int folder, const std::string& path) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(file_flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, so that the kernel cannot vouch for the way (openat2(2)).
  for (int tries = 0; tries < 8; ++tries) {
    const long descriptor = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (descriptor >= 0) return static_cast<int>(descriptor);
    if (errno != EAGAIN && errno != EINTR) break;
  }
  // EPERM comes from sandboxes that do not know the call; opening for reading does not give it otherwise.
  if (errno == ENOSYS || errno == EPERM) return walk_beneath(folder, path, file_flags);
  return -1;
}

opened_file examined(base::unique_fd descriptor) {
  opened_file out;
  if (!descriptor) {
    out.error = errno;
    // What leads outside, or in circles, is not there for a peer.
    if (out.error == EXDEV || out.error == ELOOP || out.error == ENOTDIR || out.error == ENAMETOOLONG || out.error == ENXIO)
      out.error = ENOENT;
    return out;
  }
  struct stat status{};
  if (::fstat(descriptor.get(), &status) != 0) {
    out.error = errno;
  } else if (S_ISDIR(status.st_mode)) {
    out.is_folder = true;
    out.error = EISDIR;
  } else if (!S_ISREG(status.st_mode)) {
    out.error = ENOENT;
  } else {
    out.size = static_cast<std::uint64_t>(status.st_size);
    out.modified = std::chrono::sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec));
    out.descriptor = std::move(descriptor);
  }
  return out;
}

}  // namespace

int walk_beneath(int folder, const std::string& path, int flags) {
  std::string_view rest = path;
  if (rest.starts_with('/')) {
    errno = EXDEV;
    return -1;
  }
  base::unique_fd here;
  int at = folder;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    const bool last = slash == std::string_view::npos || rest.find_first_not_of('/', slash) == std::string_view::npos;
    if (name == "..") {
      errno = EXDEV;
      return -1;
    }
    const bool must_be_folder = slash != std::string_view::npos;
    const int wanted = last ? flags | (must_be_folder ? O_DIRECTORY : 0) : O_PATH | O_DIRECTORY | O_CLOEXEC;
    const int next = ::openat(at, name.empty() ? "." : name.c_str(), wanted | O_NOFOLLOW);
    if (next < 0 || last) return next;
    here.reset(next);
    at = here.get();
    rest.remove_prefix(slash + 1);
  }
}

opened_file open_beneath(int folder, const std::string& path) {
  return examined(base::unique_fd(open_resolved(folder, path.empty() ? "." : path)));
}

opened_file open_anywhere(const std::string& path) { return examined(base::unique_fd(::open(path.c_str(), file_flags))); }

std::string read_slice(int descriptor, std::uint64_t offset, std::uint64_t length) {
  std::string bytes(length, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::pread(descriptor, bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace parley::server_room
