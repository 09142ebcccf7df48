// Opening what a peer named, and nothing else. Blocking: for the pool.
#pragma once

#include "base/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace parley::server_room {

struct opened_file {
  base::unique_fd descriptor;  // a plain file's, or none: then `error` says why not
  int error = 0;               // errno
  bool is_folder = false;
  std::uint64_t size = 0;
  std::chrono::sys_seconds modified{};
};

/// Opens `path` below `folder` for reading: `..`, absolute names and links that lead outside give ENOENT. Never blocks on a pipe
/// or a device, which give ENOENT too.
[[nodiscard]] opened_file open_beneath(int folder, const std::string& path);
/// Opens any path.
[[nodiscard]] opened_file open_anywhere(const std::string& path);

/// Reads `length` bytes from `offset` on; fewer where the file ends before.
[[nodiscard]] std::string read_slice(int descriptor, std::uint64_t offset, std::uint64_t length);

/// The way for kernels before 5.6 and sandboxes that lack openat2: step by step, where a link ends the walk. For tests too.
[[nodiscard]] int walk_beneath(int folder, const std::string& path, int flags);

}  // namespace parley::server_room
