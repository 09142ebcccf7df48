// How fast each client's address begins TLS handshakes, over all loops.
#pragma once

#include "server/address_counts.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace parley::server_room {

/// Any thread. It is asked once an accepted TLS connection, and locks a sixteenth of itself to look at eight entries side by side.
///
/// Its memory is fixed (1.5 MiB, allocated by sixteenths when they are first needed), however many addresses come: where a group of eight is
/// full, the entry that owes least is given up for the new one. So who floods stays known, and whoever would be pushed out would have
/// been let in anyway.
class handshake_rates {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  /// So much of a rate may come at once.
  static constexpr std::chrono::seconds in_store{10};
  static constexpr std::size_t entries = std::size_t{64} * 1024;

  /// Whether this address may begin another handshake now, at `per_second` (not 0). One that may not costs it nothing.
  [[nodiscard]] bool allow(address_key key, std::size_t per_second, time_point now);

 private:
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t group_size = 8;
  static constexpr std::size_t groups = entries / shard_count / group_size;

  // As many handshakes as were begun take until `paid` at the allowed rate (GCRA, the generic cell rate algorithm of ITU-T I.371).
  struct entry {
    address_key key;
    time_point paid{};
  };
  using group = std::array<entry, group_size>;
  struct alignas(64) shard {
    std::mutex mutex;
    std::unique_ptr<std::array<group, groups>> all;
  };
  static entry& find(group& in, address_key key);

  std::array<shard, shard_count> shards_;
};

}  // namespace parley::server_room
