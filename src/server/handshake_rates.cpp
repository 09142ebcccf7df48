#include "server/handshake_rates.hpp"

#include <algorithm>

namespace parley::server_room {

// Its own, or else the one that owes least, as new.
handshake_rates::entry& handshake_rates::find(group& in, address_key key) {
  const auto own = std::ranges::find(in, key, &entry::key);
  if (own != in.end()) return *own;
  entry& given_up = *std::ranges::min_element(in, {}, &entry::paid);
  given_up = {key, {}};
  return given_up;
}

bool handshake_rates::allow(address_key key, std::size_t per_second, time_point now) {
  const std::size_t hash = keyed_hash()(key);
  shard& s = shards_[hash % shard_count];
  const std::lock_guard lock(s.mutex);
  if (!s.all) s.all = std::make_unique<std::array<group, groups>>();
  entry& e = find((*s.all)[hash / shard_count % groups], key);
  constexpr std::chrono::nanoseconds second = std::chrono::seconds(1);
  const auto each = second / static_cast<std::int64_t>(std::min<std::size_t>(per_second, std::nano::den));
  const time_point paid = std::max(e.paid, now) + each;
  if (paid > now + in_store) return false;
  e.paid = paid;
  return true;
}

}  // namespace parley::server_room
