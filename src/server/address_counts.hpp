// How many connections each client's address has, over all loops.
#pragma once

#include "net/stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace parley::server_room {

/// An IPv4 address, or the /64 of an IPv6 one: whoever has one address of that network most often has all of it.
struct address_key {
  std::uint64_t bits = 0;
  bool ipv6 = false;
  bool operator==(const address_key&) const = default;
};

/// None: such a peer is not counted (a Unix socket, and this machine's own addresses unless `loopback_too`). IPv4 addresses within
/// IPv6 (::ffff:192.0.2.1) are those IPv4 addresses.
[[nodiscard]] std::optional<address_key> address_key_of(const net::endpoint& peer, bool loopback_too);

/// Keyed, since IPv6 networks can be had in any number.
struct keyed_hash {
  std::size_t operator()(const address_key& key) const;
};

/// Any thread. It is asked once an accepted connection, and locks a sixteenth of itself for a look-up; it holds no more entries than
/// there are connections.
class address_counts {
 public:
  /// A place that was taken; gives it back when it is destroyed.
  class place {
   public:
    place() = default;
    place(address_counts* of, address_key key) : of_(of), key_(key) {}
    place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)), key_(other.key_) {}
    place& operator=(place&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(key_, other.key_);
      return *this;
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (of_ != nullptr) of_->release(key_);
    }

   private:
    address_counts* of_ = nullptr;
    address_key key_;
  };

  /// Nothing when this address has `most` already.
  [[nodiscard]] std::optional<place> take(address_key key, std::size_t most);
  /// How many addresses are known at present.
  [[nodiscard]] std::size_t size();

 private:
  struct alignas(64) shard {
    std::mutex mutex;
    std::unordered_map<address_key, std::size_t, keyed_hash> counts;
  };
  void release(address_key key);
  shard& shard_of(address_key key);

  std::array<shard, 16> shards_;
};

}  // namespace parley::server_room
