// The page that shows what is in a folder.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::server_room {

/// At most so many names of a folder are read, and a page ends behind so many bytes; it says that there is more.
inline constexpr std::size_t most_listed = 5000;
inline constexpr std::size_t most_listing_bytes = 1024 * 1024;

struct listed_name {
  std::string name;
  bool is_folder = false;
  std::uint64_t size = 0;
  std::chrono::sys_seconds modified{};
};

struct folder_list {
  int error = 0;  // errno
  std::vector<listed_name> names;
  bool cut = false;  // there are more
};

/// What a peer may have of the folder `path` below `root`: files and folders, links where they lead to such, nothing hidden.
/// Folders first, then by name. Blocking.
[[nodiscard]] folder_list read_folder(int root, const std::string& path);

/// A page in HTML for the folder `path`, which is empty or ends in a slash. Its links are relative.
[[nodiscard]] std::string listing_page(std::string_view path, const folder_list& list);

}  // namespace parley::server_room
