// Opening what a peer named, and nothing else.
#pragma once

#include "base/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::server_room {

/// What tells one state of a file from another without reading it.
struct file_identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds since 1970
  std::int64_t changed = 0;   // the same, of the inode: it cannot be set back, and follows renames and permissions too
  friend bool operator==(const file_identity&, const file_identity&) = default;
};

struct opened_file {
  base::unique_fd descriptor;  // a plain file's or a folder's, or none: then `error` says why not
  int error = 0;               // errno; EISDIR for a folder
  bool is_folder = false;
  file_identity identity;
  std::chrono::sys_seconds modified{};
};

/// How far opening may go.
enum class reach : std::uint8_t {
  disk,    // blocking: for the pool
  memory,  // only what the kernel has in memory, without waiting: for the loop. EAGAIN when that does not do
};

/// Opens `path` below `folder` for reading: `..`, absolute names and links that lead outside give ENOENT. Never blocks on a pipe
/// or a device, which give ENOENT too.
[[nodiscard]] opened_file open_beneath(int folder, const std::string& path, reach how = reach::disk);
/// The same without a right to read: only to see what is there now. The descriptor is not kept.
[[nodiscard]] opened_file look_beneath(int folder, const std::string& path, reach how = reach::disk);
/// Opens any path.
[[nodiscard]] opened_file open_anywhere(const std::string& path);
/// Opens any folder, so that names can be resolved below it.
[[nodiscard]] opened_file open_root(const std::string& path, reach how = reach::disk);

/// What a descriptor refers to now; all 0 when that cannot be said.
[[nodiscard]] file_identity identity_of(int descriptor);

/// Reads `length` bytes from `offset` on; fewer where the file ends before or, with `reach::memory`, where a disk would be needed.
[[nodiscard]] std::string read_slice(int descriptor, std::uint64_t offset, std::uint64_t length, reach how = reach::disk);

/// The way for kernels before 5.6 and sandboxes that lack openat2: step by step, where a link ends the walk. For tests too.
[[nodiscard]] int walk_beneath(int folder, const std::string& path, int flags);

}  // namespace parley::server_room
