#include "base/random.hpp"
#include "base/unique_fd.hpp"

#include <parley/cookie_jar.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

// Cookies are as good as passwords: their file is the user's alone, and never half written.

namespace parley {

namespace {

constexpr std::size_t largest_jar_file = std::size_t{8} << 20;

[[noreturn]] void jar_trouble(const std::string& doing, const std::string& file, const std::string& why) {
  throw std::runtime_error("cannot " + doing + " the cookie file " + file + ": " + why);
}

[[noreturn]] void jar_trouble(const std::string& doing, const std::string& file, int error) {
  jar_trouble(doing, file, std::string(std::strerror(error)));
}

bool write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

std::size_t cookie_jar::load(const std::string& file) {
  const base::unique_fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) {
    if (errno == ENOENT) return 0;
    jar_trouble("read", file, errno);
  }
  struct stat about{};
  if (::fstat(opened.get(), &about) != 0) jar_trouble("read", file, errno);
  if (!S_ISREG(about.st_mode)) jar_trouble("read", file, "it is no plain file");
  std::string text;
  for (;;) {
    char piece[16384];
    const ssize_t n = ::read(opened.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) jar_trouble("read", file, errno);
    if (n == 0) break;
    text.append(piece, static_cast<std::size_t>(n));
    if (text.size() > largest_jar_file) jar_trouble("read", file, "it is larger than 8 MiB");
  }
  return read(text);
}

void cookie_jar::save(const std::string& file) const {
  // Where the name is a link, what it leads to is replaced, not the link.
  std::string target = file;
  if (char* const real = ::realpath(file.c_str(), nullptr)) {
    target = real;
    std::free(real);
  }
  struct stat there{};
  if (::stat(target.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) jar_trouble("write", file, "it is no plain file");
  const std::string temporary = target + ".new-" + std::to_string(base::system_random().next());
  base::unique_fd opened(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!opened) jar_trouble("write", file, errno);
  const bool written =
      write_whole(opened.get(), to_text()) && ::fsync(opened.get()) == 0 && ::rename(temporary.c_str(), target.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    jar_trouble("write", file, error);
  }
}

}  // namespace parley
