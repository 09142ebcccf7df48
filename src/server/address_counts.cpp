#include "server/address_counts.hpp"

#include "base/hash.hpp"
#include "semantics/ip_literal.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace parley::server_room {

namespace {
std::uint64_t number_of(std::span<const std::uint8_t> bytes) {
  std::uint64_t n = 0;
  for (const std::uint8_t b : bytes) n = n << 8 | b;
  return n;
}
}  // namespace

std::optional<address_key> address_key_of(const net::endpoint& peer, bool loopback_too) {
  if (peer.unix_socket || (!loopback_too && peer.loopback())) return std::nullopt;
  if (const auto v4 = semantics::parse_ipv4(peer.host)) return address_key{number_of(*v4), false};
  const std::string_view host = peer.host;
  const auto v6 = semantics::parse_ipv6(host.substr(0, host.find('%')));  // without a zone
  if (!v6) return std::nullopt;
  const std::span bytes(*v6);
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 §2.5.5.2
  if (std::ranges::equal(bytes.first(mapped.size()), mapped)) return address_key{number_of(bytes.subspan(mapped.size())), false};
  return address_key{number_of(bytes.first(8)), true};
}

std::size_t keyed_hash::operator()(const address_key& key) const {
  char bytes[9];
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(key.bits >> (8 * i));
  bytes[8] = key.ipv6 ? 1 : 0;
  return static_cast<std::size_t>(base::siphash13(base::process_hash_key(), {bytes, sizeof bytes}));
}

address_counts::shard& address_counts::shard_of(address_key key) { return shards_[keyed_hash()(key) >> 8 & 15]; }

std::optional<address_counts::place> address_counts::take(address_key key, std::size_t most) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.mutex);
  std::size_t& n = s.counts[key];
  if (n >= most) {
    if (n == 0) s.counts.erase(key);
    return std::nullopt;
  }
  ++n;
  return place(this, key);
}

void address_counts::release(address_key key) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.mutex);
  const auto at = s.counts.find(key);
  if (--at->second == 0) s.counts.erase(at);
}

std::size_t address_counts::size() {
  std::size_t n = 0;
  for (shard& s : shards_) {
    const std::lock_guard lock(s.mutex);
    n += s.counts.size();
  }
  return n;
}

}  // namespace parley::server_room
