// What of a connection is ngtcp2's, for the .cpp files of this room.
#pragma once

#include "quic/connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <string>
#include <string_view>
#include <vector>

namespace parley::quic {

[[nodiscard]] inline ngtcp2_tstamp stamp_of(time_point t) {
  return static_cast<ngtcp2_tstamp>(std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count());
}
[[nodiscard]] inline ngtcp2_duration duration_of(std::chrono::nanoseconds d) { return static_cast<ngtcp2_duration>(d.count()); }
[[nodiscard]] inline const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}
[[nodiscard]] inline ngtcp2_cid cid_of(std::string_view id) {
  ngtcp2_cid cid;
  ngtcp2_cid_init(&cid, bytes_of(id), id.size());
  return cid;
}
[[nodiscard]] inline std::string_view view_of(const ngtcp2_cid& cid) {
  return {reinterpret_cast<const char*>(cid.data), cid.datalen};
}
/// ngtcp2 takes no const addresses, and changes none.
[[nodiscard]] inline ngtcp2_path path_of(const path& p) {
  const auto one = [](const address& a) {
    return ngtcp2_addr{static_cast<ngtcp2_sockaddr*>(const_cast<void*>(a.data())), static_cast<ngtcp2_socklen>(a.size())};
  };
  return {one(p.local), one(p.remote), nullptr};
}
[[nodiscard]] inline path path_from(const ngtcp2_path& p) {
  return {address(p.local.addr, p.local.addrlen), address(p.remote.addr, p.remote.addrlen)};
}

/// What the first packet of a client said, and what became of its token.
struct accepted_initial {
  path by;
  ecn mark = ecn::none;
  std::string_view datagram;
  std::uint32_t version = 0;
  connection_id destination;
  connection_id source;
  connection_id original;  // the destination before a Retry; else empty
  std::string_view token;  // a valid one
  ngtcp2_token_type token_type = NGTCP2_TOKEN_TYPE_UNKNOWN;
};

struct connection::native {
  ngtcp2_conn* conn = nullptr;
  ngtcp2_crypto_conn_ref ref{};
  connection_id first_known_as;  // of a server's: the destination of the client's first packet
  time_point now;                // of the call that is being made
  std::size_t largest_payload =
      NGTCP2_MAX_UDP_PAYLOAD_SIZE;  // of what is written now; ngtcp2 writes no probe that has no room in it
  std::size_t most_payload = 0;     // what that becomes once a packet was full
  time_point progress;              // when something of ours was acknowledged last, or nothing was in flight
  std::uint64_t bidirectional_opened = 0;
  std::uint64_t unidirectional_opened = 0;
  std::uint64_t bidirectional_limit = 0;
  std::uint64_t unidirectional_limit = 0;
  /// The peer's streams that were closed and are not granted anew yet: no more than an eighth of those that it may have.
  struct stream_room {
    std::uint32_t closed = 0;
    std::uint32_t step = 1;
    void allow(std::uint64_t streams) { step = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(streams / 8, 1, 1024)); }
  };
  stream_room bidirectional_room;
  stream_room unidirectional_room;
  std::uint64_t datagrams_in = 0;
  std::uint64_t datagrams_out = 0;
  std::uint64_t tickets = 0;  // that were kept
  path validated;
  ngtcp2_ccerr close{};
  std::vector<std::string> datagrams;               // that wait to be sent, few
  std::vector<engine::any_transport_action> later;  // of streams that the peer does not grant yet
  std::string application;                          // for tickets
  std::string transport;                            // the server's parameters, for tickets
  bool started = false;
  bool early_tried = false;  // a client that sent early data, or meant to
  bool tls_failed = false;
  bool tls_looked_at = false;
  bool tls_gone = false;
  std::uint8_t left_out = 0;  // TLS's alert for what the peer has left out, and TLS went on without
  bool half_open = false;
  bool wants_retry = false;
  bool was_reset = false;

  native() = default;
  native(const native&) = delete;
  native& operator=(const native&) = delete;
  ~native() {
    if (conn != nullptr) ngtcp2_conn_del(conn);
  }
};

/// The callbacks and settings of both roles.
[[nodiscard]] ngtcp2_callbacks callbacks_of(engine::role role);
[[nodiscard]] ngtcp2_settings settings_of(const transport_settings& from, base::random_source& random, time_point now);
[[nodiscard]] ngtcp2_transport_params parameters_of(const transport_settings& from);

}  // namespace parley::quic
