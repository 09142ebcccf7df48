#include "shelf.hpp"

#include <parley/response.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace demo {

namespace fs = std::filesystem;

shelf::shelf(std::string folder) : folder_(std::move(folder)) { fs::create_directories(folder_); }

std::vector<shelf::entry> shelf::list() const {
  std::vector<entry> all;
  for (const fs::directory_entry& each : fs::directory_iterator(folder_)) {
    struct stat found{};
    const std::string name = each.path().filename().string();
    if (name.starts_with('.') || ::lstat(each.path().c_str(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    all.push_back(
        {name, static_cast<std::uint64_t>(found.st_size), std::chrono::sys_seconds(std::chrono::seconds(found.st_mtime))});
  }
  std::ranges::sort(all, {}, &entry::name);
  return all;
}

std::shared_ptr<const void> shelf::reserve(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::vector<entry> there = list();
  std::uint64_t used = reserved_bytes_;
  for (const entry& each : there) used += each.size;
  const std::uint64_t room = most_bytes - std::min(used, most_bytes);
  if (bytes > room || there.size() + reserved_files_ >= most_files) {
    throw parley::problem_error(507, "There is room for " + size_text(room) + " in " +
                                         std::to_string(most_files - std::min(most_files, there.size())) +
                                         " files. Remove some first.");
  }
  reserved_bytes_ += bytes;
  ++reserved_files_;
  return {this, [keeper = shared_from_this(), bytes](const void*) { keeper->give_back(bytes); }};
}

void shelf::give_back(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  reserved_bytes_ -= bytes;
  --reserved_files_;
}

bool shelf::remove(std::string_view name) const {
  const std::string_view not_in_names("/\0", 2);
  if (name.empty() || name.starts_with('.') || name.find_first_of(not_in_names) != name.npos) return false;
  std::error_code ignored;
  return fs::remove(path_of(std::string(name)), ignored);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  const bool large = bytes >= std::uint64_t{1} << 20;
  const std::uint64_t tenths = bytes * 10 / (large ? std::uint64_t{1} << 20 : std::uint64_t{1} << 10);
  const std::string digit = tenths % 10 == 0 || tenths >= 1000 ? "" : "." + std::to_string(tenths % 10);
  return std::to_string(tenths / 10) + digit + (large ? " MiB" : " KiB");
}

}  // namespace demo
