// Files whose tags stay: what was changed within the last tick of the file system's clock gets another one each time.
#pragma once

#include "server/served_file.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace parley::test {

inline void wait_until_settled(const std::string& path) {
  const auto identity = server_room::open_anywhere(path).identity;
  while (!server_room::is_settled(identity, std::chrono::system_clock::now()))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace parley::test
