// Datagrams that one loop got and another one has the connection of.
#pragma once

#include "net/datagram.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace parley::server_room {

/// Bounded: what does not fit is dropped, as a network does. QUIC's steering (net/datagram.hpp) makes it rare.
class datagram_mailbox {
 public:
  /// Datagrams that may wait; a loop takes them all in one turn.
  static constexpr std::size_t most = 1024;

  struct letter {
    std::size_t door;  // which of the loop's listeners
    net::ip_endpoint local;
    net::ip_endpoint remote;
    std::uint8_t ecn;
    std::string bytes;
  };
  enum class answer : std::uint8_t {
    first,  // the mailbox was empty: its loop is to be told
    put,
    full,
  };

  /// Any thread.
  answer put(std::size_t door, const net::datagram_run& datagram) {
    const std::scoped_lock lock(mutex_);
    if (letters_.size() >= most) return answer::full;
    letters_.push_back({door, datagram.local, datagram.remote, datagram.ecn, std::string(datagram.bytes)});
    return letters_.size() == 1 ? answer::first : answer::put;
  }
  /// Its loop's thread.
  [[nodiscard]] std::vector<letter> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(letters_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<letter> letters_;
};

}  // namespace parley::server_room
