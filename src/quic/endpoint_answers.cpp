#include "quic/endpoint.hpp"

#include "quic/endpoint_tables.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

// What becomes of datagrams that no connection knows: new clients, with or without a token; versions that we do not speak; those of
// connections that are closed, or that a process before this one had.

namespace parley::quic {
namespace {

constexpr ngtcp2_duration retry_token_life = 10 * NGTCP2_SECONDS;
// Of each of the two kinds.
constexpr std::size_t most_replies = 1024;
// RFC 9000 §10.3: a reset has 21 bytes at least; §10.3.3: and is smaller than what it answers, or two endpoints that know nothing could go
// on for ever. Clients that wait send little: a PING of ours has 41 bytes.
constexpr std::size_t smallest_to_reset = 22;
constexpr std::size_t largest_reset = 64;

const ngtcp2_sockaddr* remote_of(const path& p) { return static_cast<const ngtcp2_sockaddr*>(p.remote.data()); }
ngtcp2_socklen remote_size(const path& p) { return static_cast<ngtcp2_socklen>(p.remote.size()); }

}  // namespace

arrival endpoint::receive(const path& by, ecn mark, std::string_view datagram, time_point now) {
  tables_->first.reset();
  if (datagram.empty()) {  // ngtcp2 asserts that there is something
    ++counters_.garbage;
    return {};
  }
  ngtcp2_version_cid ids;
  const int decoded = ngtcp2_pkt_decode_version_cid(&ids, bytes_of(datagram), datagram.size(), id_size);
  if (decoded == NGTCP2_ERR_VERSION_NEGOTIATION) {
    negotiate_version(by, {reinterpret_cast<const char*>(ids.dcid), ids.dcidlen},
                      {reinterpret_cast<const char*>(ids.scid), ids.scidlen}, now);
    return {};
  }
  if (decoded != 0) {
    ++counters_.garbage;
    return {};
  }
  const std::string_view destination(reinterpret_cast<const char*>(ids.dcid), ids.dcidlen);
  if (const auto at = tables_->ids.find(destination); at != tables_->ids.end()) {
    if (at->second.live != nullptr) return {arrival::what::known, at->second.live, settings_.loop};
    answer_closed(*at->second.closed, by);
    return {};
  }
  if (destination.size() == id_size && settings_.loops > 1) {
    const unsigned loop = mask_.index_in(destination);
    if (loop < settings_.loops && loop != settings_.loop) {
      ++counters_.elsewhere;
      return {arrival::what::elsewhere, nullptr, loop};
    }
  }
  const bool long_header = (static_cast<unsigned char>(datagram[0]) & 0x80) != 0;
  if (!long_header) {
    reset(by, datagram.size(), destination, now);
    return {};
  }
  return consider(by, mark, datagram, now);
}

// --- new clients -------------------------------------------------------------------------------------------------------------------

arrival endpoint::consider(const path& by, ecn mark, std::string_view datagram, time_point now) {
  ngtcp2_pkt_hd head;
  if (ngtcp2_accept(&head, bytes_of(datagram), datagram.size()) != 0) {
    ++counters_.garbage;
    return {};
  }
  if (head.dcid.datalen < NGTCP2_MIN_INITIAL_DCIDLEN) {  // RFC 9000 §7.2; ngtcp2 looks only where there is no token
    ++counters_.garbage;
    return {};
  }
  accepted_initial first;
  first.by = by;
  first.mark = mark;
  first.datagram = datagram;
  first.version = head.version;
  first.destination = connection_id(view_of(head.dcid));
  first.source = connection_id(view_of(head.scid));

  const std::string_view token(reinterpret_cast<const char*>(head.token), head.tokenlen);
  const auto& key = settings_.keys.token;
  if (!token.empty() && static_cast<unsigned char>(token[0]) == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2) {
    ngtcp2_cid original;
    if (ngtcp2_crypto_verify_retry_token2(&original, head.token, head.tokenlen, key.data(), key.size(), head.version, remote_of(by),
                                          remote_size(by), &head.dcid, retry_token_life, stamp_of(now)) != 0) {
      // RFC 9000 §8.1.3: a client whose Retry token does not hold cannot succeed, and is told at once.
      ++counters_.bad_tokens;
      answer_initial(first, NGTCP2_INVALID_TOKEN, now);
      return {};
    }
    first.original = connection_id(view_of(original));
    first.token_type = NGTCP2_TOKEN_TYPE_RETRY;
    first.token = token;
  } else if (!token.empty()) {
    // One from a connection before this one; if it does not hold, it is as if there was none.
    if (proves_address(first, token, now)) {
      first.token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
      first.token = token;
    }
  }
  const bool validated = first.token_type != NGTCP2_TOKEN_TYPE_UNKNOWN;
  if (draining_) {
    ++counters_.refused;
    answer_initial(first, NGTCP2_CONNECTION_REFUSED, now);
    return {};
  }
  const parley::limits& limits = settings_.transport.limits;
  if (!validated && (settings_.always_retry || half_open_ >= limits.quic_retry_above)) {
    send_retry(first, now);
    return {};
  }
  if (half_open_ >= limits.quic_half_open) {
    ++counters_.over_half_open;
    return {};
  }
  tables_->first = first;
  return {arrival::what::fresh, nullptr, settings_.loop, validated};
}

// RFC 9000 §8.1.4: an address token from before should be good once. Whoever has had an address may have left it since, and must not be able to
// have answers sent there over and over.
bool endpoint::proves_address(const accepted_initial& first, std::string_view token, time_point now) {
  const auto& key = settings_.keys.token;
  std::uint64_t mark = 0;
  if (token.size() <= sizeof mark || static_cast<unsigned char>(token[0]) != NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR ||
      ngtcp2_crypto_verify_regular_token(bytes_of(token), token.size(), key.data(), key.size(), remote_of(first.by),
                                         remote_size(first.by), duration_of(settings_.token_life), wall_stamp(now)) != 0) {
    ++counters_.bad_tokens;
    return false;
  }
  // The end of a token is random, and what its seal is made with.
  std::memcpy(&mark, token.data() + token.size() - sizeof mark, sizeof mark);
  using outcome = base::spent_keys::outcome;
  const outcome how = settings_.tokens->spend(mark, now);
  if (how == outcome::known) ++counters_.bad_tokens;
  if (how == outcome::full) ++counters_.over_tokens;
  return how == outcome::fresh;
}

void endpoint::refuse(time_point now) {
  if (!tables_->first) return;
  ++counters_.refused;
  answer_initial(*std::exchange(tables_->first, std::nullopt), NGTCP2_CONNECTION_REFUSED, now);
}

void endpoint::ask_for_proof(time_point now) {
  if (tables_->first) send_retry(*std::exchange(tables_->first, std::nullopt), now);
}

void endpoint::answer_initial(const accepted_initial& first, std::uint64_t code, time_point now) {
  if (!may_reply(replies_, now)) return;
  std::array<std::uint8_t, NGTCP2_MAX_UDP_PAYLOAD_SIZE> packet;
  const ngtcp2_cid to = cid_of(first.source.view());
  const ngtcp2_cid from = cid_of(first.destination.view());
  const ngtcp2_ssize n =
      ngtcp2_crypto_write_connection_close(packet.data(), packet.size(), first.version, &to, &from, code, nullptr, 0);
  if (n > 0) reply(first.by, {reinterpret_cast<const char*>(packet.data()), static_cast<std::size_t>(n)});
}

void endpoint::send_retry(const accepted_initial& first, time_point now) {
  if (!may_reply(retries_, now)) return;
  const ngtcp2_cid ours = cid_of(mask_.make(settings_.loop, random_).view());
  const ngtcp2_cid theirs = cid_of(first.source.view());
  const ngtcp2_cid original = cid_of(first.destination.view());
  const auto& key = settings_.keys.token;
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> token;
  const ngtcp2_ssize size =
      ngtcp2_crypto_generate_retry_token2(token.data(), key.data(), key.size(), first.version, remote_of(first.by),
                                          remote_size(first.by), &ours, &original, stamp_of(now));
  if (size < 0) return;
  std::array<std::uint8_t, NGTCP2_MAX_UDP_PAYLOAD_SIZE> packet;
  const ngtcp2_ssize n = ngtcp2_crypto_write_retry(packet.data(), packet.size(), first.version, &theirs, &ours, &original,
                                                   token.data(), static_cast<std::size_t>(size));
  if (n <= 0) return;
  ++counters_.retries;
  reply(first.by, {reinterpret_cast<const char*>(packet.data()), static_cast<std::size_t>(n)});
}

void endpoint::give_token(connection& to, time_point now) {
  const auto& key = settings_.keys.token;
  const path where = path_from(*ngtcp2_conn_get_path(to.native_->conn));
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN> token;
  const ngtcp2_ssize n = ngtcp2_crypto_generate_regular_token(token.data(), key.data(), key.size(), remote_of(where),
                                                              remote_size(where), wall_stamp(now));
  if (n > 0) (void)ngtcp2_conn_submit_new_token(to.native_->conn, token.data(), static_cast<std::size_t>(n));
}

// --- without a connection ------------------------------------------------------------------------------------------------------------

void endpoint::negotiate_version(const path& by, std::string_view to, std::string_view from, time_point now) {
  if (!may_reply(replies_, now)) return;
  // RFC 9000 §6.3: one that nobody speaks, so that clients learn to pass over what they do not know.
  const std::array<std::uint32_t, 3> versions{0x1a2a3a4a, NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
  std::array<std::uint8_t, 600> packet;
  std::uint8_t unused = 0;
  random_.fill(std::as_writable_bytes(std::span(&unused, 1)));
  const ngtcp2_ssize n = ngtcp2_pkt_write_version_negotiation(packet.data(), packet.size(), unused, bytes_of(from), from.size(),
                                                              bytes_of(to), to.size(), versions.data(), versions.size());
  if (n <= 0) return;
  ++counters_.version_negotiations;
  reply(by, {reinterpret_cast<const char*>(packet.data()), static_cast<std::size_t>(n)});
}

void endpoint::reset(const path& by, std::size_t size, std::string_view destination, time_point now) {
  if (size < smallest_to_reset) {
    ++counters_.garbage;
    return;
  }
  if (!may_reply(replies_, now)) return;
  const ngtcp2_cid id = cid_of(destination);
  std::array<std::uint8_t, NGTCP2_STATELESS_RESET_TOKENLEN> token;
  if (ngtcp2_crypto_generate_stateless_reset_token(token.data(), settings_.keys.reset.data(), settings_.keys.reset.size(), &id) !=
      0)
    return;
  std::array<std::uint8_t, largest_reset> packet;
  std::array<std::uint8_t, largest_reset> noise;
  random_.fill(std::as_writable_bytes(std::span(noise)));
  const std::size_t most = std::min(size - 1, largest_reset);
  const ngtcp2_ssize n =
      ngtcp2_pkt_write_stateless_reset(packet.data(), most, token.data(), noise.data(), most - NGTCP2_STATELESS_RESET_TOKENLEN);
  if (n <= 0) return;
  ++counters_.stateless_resets;
  reply(by, {reinterpret_cast<const char*>(packet.data()), static_cast<std::size_t>(n)});
}

// RFC 9000 §10.2.1: the more comes, the seldomer it is answered.
void endpoint::answer_closed(closed_connection& which, const path& by) {
  ++which.received;
  if (which.packet.empty() || !std::has_single_bit(which.received) || tables_->replies.size() >= most_replies) return;
  ++counters_.closed_again;
  reply(by, which.packet);
}

bool endpoint::may_reply(reply_budget& from, time_point now) {
  const auto rate = static_cast<double>(settings_.transport.limits.quic_stateless_replies);
  from.credit = std::min(rate, from.credit + rate * std::chrono::duration<double>(now - from.since).count());
  from.since = now;
  const std::size_t room = &from == &retries_ ? 2 * most_replies : most_replies;
  if (from.credit < 1 || tables_->replies.size() >= room) {
    ++counters_.over_replies;
    return false;
  }
  from.credit -= 1;
  return true;
}

void endpoint::reply(const path& by, std::string packet) { tables_->replies.push_back({by, std::move(packet)}); }

bool endpoint::send(batch& into) {
  while (!tables_->replies.empty()) {
    if (into.full()) return true;
    const auto& next = tables_->replies.front();
    std::memcpy(into.room().data(), next.packet.data(), next.packet.size());
    into.add(next.to, ecn::none, next.packet.size());
    tables_->replies.pop_front();
  }
  return false;
}

std::uint64_t endpoint::wall_stamp(time_point now) const {
  return stamp_of(now) + static_cast<std::uint64_t>(settings_.wall_offset.count());
}

}  // namespace parley::quic
