#include "tls/local_ca_files.hpp"

#include "base/random.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::tls {
namespace {

constexpr std::size_t largest_private_file = 64 * 1024;

std::unexpected<error> trouble(const std::string& doing, const std::string& path, int number) {
  return std::unexpected(error{errc::unreadable, "cannot " + doing + " " + path + ": " + std::strerror(number)});
}

std::string owner_text(uid_t owner) { return owner == 0 ? "root" : "user " + std::to_string(owner); }

// What others could have changed vouches for nothing.
std::expected<void, error> check_private(const struct stat& found, const std::string& path, mode_t forbidden, const char* way_out) {
  const uid_t self = ::geteuid();
  if (found.st_uid != self && found.st_uid != 0) {
    return std::unexpected(error{errc::unreadable, path + " belongs to " + owner_text(found.st_uid) + ", and this is " +
                                                       owner_text(self) + ": run it as that user, or use another data folder"});
  }
  if ((found.st_mode & forbidden) != 0) {
    const bool reads = (found.st_mode & forbidden & (S_IRGRP | S_IROTH)) != 0;
    return std::unexpected(error{errc::unreadable, path + " can be " + (reads ? "read" : "changed") +
                                                       " by other users: if none of them has done so, say " + way_out + " " +
                                                       path});
  }
  return {};
}

std::string temporary_name(const std::string& name) {
  std::array<char, 24> tail{};
  (void)std::snprintf(tail.data(), tail.size(), ".%016llx", static_cast<unsigned long long>(base::system_random().next()));
  return "." + name + tail.data();
}

int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

// 0, or the system's error; nothing is left behind then.
int write_new_file(int folder, const std::string& name, std::string_view text) {
  const base::unique_fd file(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return errno;
  const int failed = ::fchmod(file.get(), 0600) == 0 ? write_all(file.get(), text) : errno;
  if (failed != 0) ::unlinkat(folder, name.c_str(), 0);
  return failed;
}

base::unique_fd open_folder(const std::string& path, int more = 0) {
  return base::unique_fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | more));
}

std::string parent_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Who can write to the folder above could put another one in our place; where it is sticky, only the owner of ours can.
std::expected<void, error> check_parent(const std::string& of) {
  const std::string parent = parent_of(of);
  struct stat found{};
  if (::stat(parent.c_str(), &found) != 0) return trouble("look at the folder", parent, errno);
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (found.st_mode & S_ISVTX) != 0) return {};
  const std::string who = (found.st_mode & S_IWOTH) != 0 ? "everybody" : "all users of its group";
  return std::unexpected(error{errc::unreadable, parent + " can be changed by " + who + ", who could replace " + of +
                                                     ": if nobody has done so, run chmod go-w " + parent +
                                                     ", or use another data folder"});
}

bool is_link(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) == 0 && S_ISLNK(found.st_mode);
}

// A new name is on the disk once its folder is.
int sync_parent(const std::filesystem::path& of) {
  const base::unique_fd folder = open_folder(parent_of(of.string()));
  return folder && ::fsync(folder.get()) == 0 ? 0 : errno;
}

int make_folders(const std::filesystem::path& path) {
  if (path.empty() || ::access(path.c_str(), F_OK) == 0) return 0;
  if (const int failed = make_folders(path.parent_path()); failed != 0) return failed;
  if (::mkdir(path.c_str(), 0700) == 0) return sync_parent(path);
  return errno == EEXIST ? 0 : errno;  // another program was faster
}

std::expected<bool, int> is_empty(const std::string& path) {
  DIR* const folder = ::opendir(path.c_str());
  if (folder == nullptr) return std::unexpected(errno);
  bool empty = true;
  while (const dirent* each = ::readdir(folder)) {
    const std::string_view name = each->d_name;
    if (name != "." && name != "..") empty = false;
  }
  ::closedir(folder);
  return empty;
}

void remove_folder(const std::string& path, std::span<const named_text> files) {
  for (const named_text& each : files) ::unlink((path + "/" + each.name).c_str());
  ::rmdir(path.c_str());
}

int fill_folder(const std::string& path, std::span<const named_text> files) {
  if (::mkdir(path.c_str(), 0700) != 0) return errno;
  const base::unique_fd folder = open_folder(path);
  if (!folder || ::fchmod(folder.get(), 0700) != 0) return errno;
  for (const named_text& each : files) {
    if (const int failed = write_new_file(folder.get(), each.name, each.text); failed != 0) return failed;
  }
  return ::fsync(folder.get()) == 0 ? 0 : errno;
}

}  // namespace

std::expected<std::optional<private_folder>, error> private_folder::open(const std::string& path) {
  base::unique_fd folder = open_folder(path, O_NOFOLLOW);
  if (!folder && errno == ENOENT) return std::nullopt;
  if (!folder && is_link(path)) {
    return std::unexpected(error{errc::unreadable, path +
                                                       " is a symbolic link, which is not followed: put the folder itself there, "
                                                       "or use another data folder"});
  }
  if (!folder) {
    const int failed = errno;
    if (failed == ENOTDIR) {
      // It is not always the one right above.
      std::error_code ignored;
      std::filesystem::path above = std::filesystem::path(path).parent_path();
      while (above.has_relative_path() && !std::filesystem::exists(above, ignored)) above = above.parent_path();
      if (!std::filesystem::is_directory(above, ignored))
        return std::unexpected(error{errc::unreadable, above.string() + " is no folder; use another data folder"});
    }
    return trouble("open the folder", path, failed);
  }
  struct stat found{};
  if (::fstat(folder.get(), &found) != 0) return trouble("look at the folder", path, errno);
  const auto checked = check_private(found, path, S_IWGRP | S_IWOTH, "chmod 700");
  if (!checked) return std::unexpected(checked.error());
  if (const auto above = check_parent(path); !above) return std::unexpected(above.error());
  const auto empty = is_empty(path);
  if (!empty) return trouble("read the folder", path, empty.error());
  if (*empty) return std::nullopt;
  return private_folder(path, std::move(folder));
}

std::expected<std::optional<std::string>, error> private_folder::read(const std::string& name, bool secret) const {
  const std::string shown = path_ + "/" + name;
  const base::unique_fd file(::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) return trouble("read", shown, errno);
  struct stat found{};
  if (::fstat(file.get(), &found) != 0) return trouble("look at", shown, errno);
  if (!S_ISREG(found.st_mode)) return std::unexpected(error{errc::unreadable, shown + " is no plain file"});
  const mode_t forbidden = S_IWGRP | S_IWOTH | (secret ? S_IRGRP | S_IROTH : 0);
  const auto checked = check_private(found, shown, forbidden, "chmod 600");
  if (!checked) return std::unexpected(checked.error());

  std::string text(largest_private_file + 1, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t n = ::read(file.get(), text.data() + have, text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return trouble("read", shown, errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  if (have > largest_private_file) return std::unexpected(error{errc::unreadable, shown + " is larger than 64 KiB"});
  text.resize(have);
  return text;
}

std::expected<void, error> private_folder::write(const std::string& name, std::string_view text) const {
  const std::string temporary = temporary_name(name);
  int failed = write_new_file(folder_.get(), temporary, text);
  if (failed == 0 && ::renameat(folder_.get(), temporary.c_str(), folder_.get(), name.c_str()) != 0) {
    failed = errno;
    ::unlinkat(folder_.get(), temporary.c_str(), 0);
  }
  if (failed == 0 && ::fsync(folder_.get()) != 0) failed = errno;
  if (failed != 0) return trouble("write", path_ + "/" + name, failed);
  return {};
}

std::expected<void, error> make_private_folder(const std::string& path, std::span<const named_text> files) {
  const std::filesystem::path place(path);
  if (const int failed = make_folders(place.parent_path()); failed != 0) {
    return trouble("make the folder", place.parent_path().string(), failed);
  }
  if (const auto above = check_parent(path); !above) return above;
  const std::string temporary = (place.parent_path() / temporary_name(place.filename().string())).string();
  if (const int failed = fill_folder(temporary, files); failed != 0) {
    remove_folder(temporary, files);
    return trouble("make the folder", path, failed);
  }
  // This replaces nothing but an empty folder, so whoever comes second finds the first one's.
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int failed = errno;
    remove_folder(temporary, files);
    if (failed != ENOTEMPTY && failed != EEXIST) return trouble("make the folder", path, failed);
    return {};
  }
  if (const int failed = sync_parent(place); failed != 0) return trouble("write the folder", path, failed);
  return {};
}

}  // namespace parley::tls
