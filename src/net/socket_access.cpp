#include "net/socket_access.hpp"

#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace parley::net {

std::error_code set_access(const std::string& path, const socket_access& to) {
  const bool owners = to.user != static_cast<uid_t>(-1) || to.group != static_cast<gid_t>(-1);
  if (to.mode < 0 && !owners) return {};
  const auto failed = [] { return std::error_code(errno, std::system_category()); };
  // By a descriptor, so that nobody puts a link to another file into its place between these calls.
  const base::unique_fd file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat found{};
  if (!file || fstat(file.get(), &found) != 0) return failed();
  if (!S_ISSOCK(found.st_mode)) return make_error_code(std::errc::not_a_socket);
  if (owners && fchownat(file.get(), "", to.user, to.group, AT_EMPTY_PATH) != 0) return failed();
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());  // fchmod(2) takes no O_PATH descriptor
  if (to.mode >= 0 && chmod(link.c_str(), static_cast<mode_t>(to.mode)) != 0) return failed();
  return {};
}

}  // namespace parley::net
