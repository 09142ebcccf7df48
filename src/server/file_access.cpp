#include "server/file_access.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace parley::server_room {

namespace {

// O_NONBLOCK: opening a pipe that nobody writes to would wait.
constexpr int file_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int look_flags = O_PATH | O_CLOEXEC;
constexpr int root_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20  // Linux 5.12
#endif

int open_with(int folder, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how));
}

// The one answer of `reach::memory` that is no answer. EINVAL: the kernel does not know RESOLVE_CACHED.
int only_from_memory(int descriptor) {
  if (descriptor < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM || errno == EINTR)) errno = EAGAIN;
  return descriptor;
}

int open_resolved(int folder, const std::string& path, int flags, reach far) {
  constexpr std::uint64_t inside = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (far == reach::memory) return only_from_memory(open_with(folder, path, flags, inside | RESOLVE_CACHED));
  // EAGAIN: something was renamed meanwhile, so that the kernel cannot vouch for the way (openat2(2)).
  for (int tries = 0; tries < 8; ++tries) {
    const int descriptor = open_with(folder, path, flags, inside);
    if (descriptor >= 0) return descriptor;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  // EPERM comes from sandboxes that do not know the call; opening for reading does not give it otherwise.
  if (errno == ENOSYS || errno == EPERM) return walk_beneath(folder, path, flags);
  return -1;
}

std::int64_t nanoseconds(const timespec& t) { return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec; }

file_identity identity_from(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

opened_file examined(base::unique_fd descriptor) {
  opened_file out;
  if (!descriptor) {
    out.error = errno;
    return out;
  }
  struct stat status{};
  if (::fstat(descriptor.get(), &status) != 0) {
    out.error = errno;
    return out;
  }
  out.is_folder = S_ISDIR(status.st_mode);
  if (!out.is_folder && !S_ISREG(status.st_mode)) {
    out.error = ENOENT;
    return out;
  }
  if (out.is_folder) out.error = EISDIR;
  out.identity = identity_from(status);
  out.modified = std::chrono::sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec));
  out.descriptor = std::move(descriptor);
  return out;
}

// What leads outside, or in circles, is not there for a peer.
opened_file for_peers(opened_file file) {
  const int e = file.error;
  if (e == EXDEV || e == ELOOP || e == ENOTDIR || e == ENAMETOOLONG || e == ENXIO) file.error = ENOENT;
  return file;
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

opened_file open_beneath(int folder, const std::string& path, reach how) {
  return for_peers(examined(base::unique_fd(open_resolved(folder, path.empty() ? "." : path, file_flags, how))));
}

opened_file look_beneath(int folder, const std::string& path, reach how) {
  opened_file seen = for_peers(examined(base::unique_fd(open_resolved(folder, path.empty() ? "." : path, look_flags, how))));
  seen.descriptor.reset();
  return seen;
}

opened_file open_anywhere(const std::string& path) {
  return for_peers(examined(base::unique_fd(::open(path.c_str(), file_flags))));
}

opened_file open_root(const std::string& path, reach how) {
  if (how == reach::disk) return examined(base::unique_fd(::open(path.c_str(), root_flags)));
  return examined(base::unique_fd(only_from_memory(open_with(AT_FDCWD, path, root_flags, RESOLVE_CACHED))));
}

file_identity identity_of(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 ? identity_from(status) : file_identity{};
}

std::string read_slice(int descriptor, std::uint64_t offset, std::uint64_t length, reach how) {
  std::string bytes(length, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    iovec rest{bytes.data() + have, bytes.size() - have};
    const auto at = static_cast<off_t>(offset + have);
    // RWF_NOWAIT: a file system that cannot promise not to wait refuses, which counts as nothing read.
    const ssize_t n = how == reach::memory ? ::preadv2(descriptor, &rest, 1, at, RWF_NOWAIT) : ::preadv(descriptor, &rest, 1, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace parley::server_room
