// A temporary file for content that is too large for memory.
#pragma once

#include "base/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace parley::detail {

/// Without a name in any folder: it is gone when this is, or the process ends. All of it blocks, and throws `std::system_error`; one thread
/// at a time.
class spool {
 public:
  /// Mode 0600. `folder` empty: `default_folder`.
  [[nodiscard]] static std::shared_ptr<spool> open(const std::string& folder);
  [[nodiscard]] static std::string default_folder();

  void append(std::string_view bytes);
  [[nodiscard]] std::string read(std::size_t most) const;
  /// Gives it a name in one step, replacing what has it; by a link where that can be, else by a copy.
  void save(const std::string& path, unsigned mode) const;
  [[nodiscard]] int descriptor() const { return file_.get(); }

 private:
  explicit spool(base::unique_fd file, bool linkable) : file_(std::move(file)), linkable_(linkable) {}
  base::unique_fd file_;
  bool linkable_;
  std::uint64_t size_ = 0;
};

/// Writes a whole file in one step, as `spool::save`.
void save_bytes(std::string_view bytes, const std::string& path, unsigned mode);

/// Whether such an error means that there is no room: ENOSPC, EDQUOT, EFBIG.
[[nodiscard]] bool is_full(int error);

}  // namespace parley::detail
