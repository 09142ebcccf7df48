#include "base/unique_fd.hpp"

#include <unistd.h>

#include <cerrno>

namespace parley::base {

void unique_fd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0) return;
  const int saved = errno;
  ::close(old);  // Linux frees the number even when it reports EINTR: trying again could close a stranger's
  errno = saved;
}

}  // namespace parley::base
