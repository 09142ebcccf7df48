#include "client/file_turn.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <thread>

namespace parley::fetching {

file_turn::file_turn(const std::string& folder)
    : lock_(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  constexpr int tries = 50;
  for (int i = 0; lock_ && i < tries && !held_; ++i) {
    held_ = ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0;
    if (!held_) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace parley::fetching
