#include "base/data_folder.hpp"

#include <array>
#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

namespace parley::base {

std::optional<std::string> default_data_folder() {
  const char* const data_home = std::getenv("XDG_DATA_HOME");
  // The XDG base directory specification: a relative path is invalid and is to be ignored.
  if (data_home != nullptr && data_home[0] == '/') return std::string(data_home) + "/parley";
  const char* home = std::getenv("HOME");
  std::array<char, 4096> room{};
  passwd entry{};
  if (home == nullptr || home[0] != '/') {
    passwd* found = nullptr;
    ::getpwuid_r(::getuid(), &entry, room.data(), room.size(), &found);
    home = found == nullptr ? nullptr : found->pw_dir;
  }
  if (home == nullptr || home[0] != '/') return std::nullopt;
  return std::string(home) + "/.local/share/parley";
}

}  // namespace parley::base
