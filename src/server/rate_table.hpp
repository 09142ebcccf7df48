// How far ahead of its rate each key is, in memory that does not grow.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace parley::server_room {

/// Any thread. A look-up locks a sixteenth of it and looks at eight entries side by side. Where a group of eight is full, the entry that
/// owes least is given up for the new one: so who floods stays known, and whoever would be pushed out would have been let in anyway.
class rate_table {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;
  /// A keyed hash: nobody can choose keys that meet.
  using key_type = std::array<std::uint64_t, 2>;
  static constexpr std::size_t entries = std::size_t{64} * 1024;

  /// Takes one of `burst` tokens, of which one comes back every `interval`; 0 when there was one, else how long until there is (GCRA, the
  /// generic cell rate algorithm of ITU-T I.371). One that is refused costs nothing. `interval` is at least 1, and a burst's together at most 2^61.
  [[nodiscard]] duration take(const key_type& key, duration interval, std::size_t burst, time_point now) {
    shard& s = shards_[key[0] >> 60];
    const std::lock_guard lock(s.mutex);
    if (!s.groups) s.groups = std::make_unique<std::array<group, group_count>>();
    group& in = (*s.groups)[key[1] % group_count];
    auto at = std::ranges::find(in, key, &entry::key);
    if (at == in.end()) {
      at = std::ranges::min_element(in, {}, &entry::paid);
      *at = {key, now};
    }
    const time_point from = std::max(at->paid, now);
    const duration ahead = from - now + interval;
    const duration most = interval * static_cast<std::int64_t>(burst);
    if (ahead > most) return ahead - most;
    at->paid = from + interval;
    return duration(0);
  }

 private:
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t group_size = 8;
  static constexpr std::size_t group_count = entries / shard_count / group_size;

  struct entry {
    key_type key{};
    time_point paid{};  // as many as were taken take until then at the allowed rate
  };
  using group = std::array<entry, group_size>;
  struct alignas(64) shard {
    std::mutex mutex;
    std::unique_ptr<std::array<group, group_count>> groups;
  };
  std::array<shard, shard_count> shards_;
};

}  // namespace parley::server_room
