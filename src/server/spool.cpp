#include "server/spool.hpp"

#include "base/random.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace parley::detail {

namespace {

[[noreturn]] void raise_spool(int error, const std::string& what) { throw std::system_error(error, std::generic_category(), what); }

void write_whole(int to, std::string_view bytes, std::uint64_t offset, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(to, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) raise_spool(errno, what);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
}

/// Beside the place where it is going to be; taken away again unless it got there.
class beside {
 public:
  explicit beside(const std::string& path) : path_(path) {
    std::array<char, 32> tail{};
    (void)std::snprintf(tail.data(), tail.size(), ".parley-%016llx", static_cast<unsigned long long>(base::system_random().next()));
    const auto slash = path.rfind('/');
    name_ = path.substr(0, slash == std::string::npos ? 0 : slash + 1) + tail.data();
  }
  ~beside() {
    if (there) ::unlink(name_.c_str());
  }
  beside(const beside&) = delete;
  beside& operator=(const beside&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }
  void into_place() {
    if (::rename(name_.c_str(), path_.c_str()) != 0) raise_spool(errno, "saving " + path_);
    // It is still there where both are links to one file (rename(2)): that was saved to this place before.
  }
  bool there = false;

 private:
  const std::string& path_;
  std::string name_;
};

base::unique_fd create_beside(beside& at, unsigned mode, const std::string& path) {
  base::unique_fd file(::open(at.name().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) raise_spool(errno, "saving " + path);
  at.there = true;
  if (::fchmod(file.get(), mode) != 0) raise_spool(errno, "saving " + path);
  return file;
}

}  // namespace

bool is_full(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

std::string spool::default_folder() {
  const char* const named = std::getenv("TMPDIR");
  return named != nullptr && named[0] == '/' ? named : "/var/tmp";
}

std::shared_ptr<spool> spool::open(const std::string& folder) {
  const std::string where = folder.empty() ? default_folder() : folder;
  base::unique_fd file(::open(where.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return std::shared_ptr<spool>(new spool(std::move(file), true));
  // Not every file system has such files; and EISDIR is what a kernel says that has not heard of them.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) raise_spool(errno, "a temporary file in " + where);
  std::string name = where + "/.parley-XXXXXX";
  base::unique_fd named(::mkostemp(name.data(), O_CLOEXEC));
  if (!named) raise_spool(errno, "a temporary file in " + where);
  ::unlink(name.c_str());
  return std::shared_ptr<spool>(new spool(std::move(named), false));
}

void spool::append(std::string_view bytes) {
  write_whole(file_.get(), bytes, size_, "a temporary file");
  size_ += bytes.size();
}

std::string spool::read(std::size_t most) const {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size_, most)), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pread(file_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) raise_spool(errno, "a temporary file");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

void spool::save(const std::string& path, unsigned mode) const {
  beside at(path);
  if (linkable_) {
    const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, at.name().c_str(), AT_SYMLINK_FOLLOW) == 0) {
      at.there = true;
      if (::fchmod(file_.get(), mode) != 0) raise_spool(errno, "saving " + path);
      return at.into_place();
    }
    if (is_full(errno)) raise_spool(errno, "saving " + path);
    // Another file system, or /proc is not there: a copy then, which says what is wrong with the place.
  }
  const base::unique_fd copy = create_beside(at, mode, path);
  std::string room(std::size_t{256} * 1024, '\0');
  for (std::uint64_t done = 0; done < size_;) {
    const ssize_t n = ::pread(file_.get(), room.data(), room.size(), static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) raise_spool(n < 0 ? errno : EIO, "a temporary file");
    write_whole(copy.get(), std::string_view(room.data(), static_cast<std::size_t>(n)), done, "saving " + path);
    done += static_cast<std::uint64_t>(n);
  }
  at.into_place();
}

void save_bytes(std::string_view bytes, const std::string& path, unsigned mode) {
  beside at(path);
  const base::unique_fd file = create_beside(at, mode, path);
  write_whole(file.get(), bytes, 0, "saving " + path);
  at.into_place();
}

}  // namespace parley::detail
