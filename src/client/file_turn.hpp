// Who may change a client's files now.
#pragma once

#include "base/unique_fd.hpp"

#include <string>

namespace parley::fetching {

/// One process at a time, as long as this object lives. One that was stopped while it had its turn holds nobody up for long: then nothing
/// is kept.
class file_turn {
 public:
  /// In a folder that is there.
  explicit file_turn(const std::string& folder);
  explicit operator bool() const { return held_; }

 private:
  base::unique_fd lock_;
  bool held_ = false;
};

}  // namespace parley::fetching
