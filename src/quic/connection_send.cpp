#include "quic/connection.hpp"

#include "quic/native.hpp"

#include <algorithm>
#include <array>

// What goes out: packets, filled with what the engine offers until they are full.

namespace parley::quic {
namespace {

constexpr std::size_t most_pieces = 16;
// Bytes that may be left where no further frame fits.
constexpr std::size_t nearly_full = 32;

/// Pieces of a stream as ngtcp2 wants them.
struct offered {
  std::array<ngtcp2_vec, most_pieces> pieces;
  std::size_t count = 0;
  std::size_t bytes = 0;
  bool fin = false;
  std::int64_t stream = -1;  // none

  void take(const engine::stream_output& out, const std::array<std::string_view, most_pieces>& from) {
    fin = out.fin;
    for (std::size_t i = 0; i < out.pieces; ++i) {
      if (from[i].empty()) continue;
      pieces[count++] = {const_cast<std::uint8_t*>(bytes_of(from[i])), from[i].size()};
      bytes += from[i].size();
    }
  }
};

}  // namespace

bool connection::send(batch& into, time_point now) {
  if (state_ == state::closed) return false;
  native_->now = now;
  act(now);
  if (state_ == state::closing) {
    if (into.full()) return true;
    write_close(into, now);
    return false;
  }
  if (state_ != state::live) return false;
  native& n = *native_;
  if (in_flight() == 0) n.progress = now;
  const std::size_t most = std::max<std::size_t>(ngtcp2_conn_get_send_quantum(n.conn), n.largest_payload);
  std::size_t written = 0;
  bool more = false;
  for (;;) {
    if (into.full() || written >= most) {
      more = true;
      break;
    }
    const std::size_t size = write_packet(into, now);
    if (size == 0) break;
    written += size;
    ++n.datagrams_out;
  }
  if (state_ == state::closing) return send(into, now);
  // Without it nothing is paced. Within a machine there is no queue on the way that a burst could fill, and each wait costs a turn.
  if (state_ == state::live && !where_.remote.loopback()) ngtcp2_conn_update_pkt_tx_time(n.conn, stamp_of(now));
  return more && state_ == state::live;
}

std::size_t connection::write_packet(batch& into, time_point now) {
  native& n = *native_;
  const std::span<unsigned char> room = into.room().first(n.largest_payload);
  ngtcp2_path_storage way;
  ngtcp2_path_storage_zero(&way);
  ngtcp2_pkt_info info{};
  const auto done = [&](ngtcp2_ssize size) -> std::size_t {
    if (size < 0) {
      end_by(static_cast<int>(size), now);
      return 0;
    }
    const auto bytes = static_cast<std::size_t>(size);
    // A full packet: from now on larger ones are probed for. Whoever has little to say needs none. The packets of a handshake, whose headers
    // are long, are full of padding.
    if (bytes + nearly_full >= n.largest_payload && (room[0] & 0x80) == 0) n.largest_payload = n.most_payload;
    if (bytes > 0) into.add(path_from(way.path), static_cast<ecn>(info.ecn), bytes);
    return bytes;
  };

  while (!n.datagrams.empty()) {
    const std::string& next = n.datagrams.front();
    const ngtcp2_vec piece{const_cast<std::uint8_t*>(bytes_of(next)), next.size()};
    int taken = 0;
    const ngtcp2_ssize size = ngtcp2_conn_writev_datagram(n.conn, &way.path, &info, room.data(), room.size(), &taken,
                                                          NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0, &piece, 1, stamp_of(now));
    // One that the peer does not take, or that no packet holds, is dropped, as its sender was told.
    const bool impossible = size == NGTCP2_ERR_INVALID_STATE || size == NGTCP2_ERR_INVALID_ARGUMENT;
    if (taken != 0 || impossible) n.datagrams.erase(n.datagrams.begin());
    if (size != NGTCP2_ERR_WRITE_MORE && !impossible) return done(size);
  }

  // An engine that goes on offering what cannot be sent must not hold the loop.
  constexpr int most_offers = 4096;
  for (int offers = 0;; ++offers) {
    offered next;
    while (n.started && offers < most_offers) {
      const auto stream = engine_.next_stream();
      if (!stream) break;
      // Opening a stream adds to ngtcp2's table of them and touches no packet, so it may happen while one is being filled.
      if (!open_up_to(*stream)) {
        engine_.blocked(*stream);
        ++offers;
        continue;
      }
      std::array<std::string_view, most_pieces> pieces;
      next.take(engine_.output(*stream, pieces), pieces);
      // Nothing says when the connection's window opens, so what it does not let through is offered again each time; an end needs none.
      const bool fits = next.bytes == 0 ? next.fin : ngtcp2_conn_get_max_data_left(n.conn) > 0;
      if (fits) next.stream = static_cast<std::int64_t>(*stream);
      break;
    }
    std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
    if (next.stream >= 0) flags |= NGTCP2_WRITE_STREAM_FLAG_MORE;
    if (next.stream >= 0 && next.fin) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize size =
        ngtcp2_conn_writev_stream(n.conn, &way.path, &info, room.data(), room.size(), &taken, flags, next.stream,
                                  next.pieces.data(), next.stream >= 0 ? next.count : 0, stamp_of(now));
    const auto stream = static_cast<engine::transport_stream>(next.stream);
    if (next.stream >= 0 && taken >= 0) {
      const auto bytes = static_cast<std::size_t>(taken);
      engine_.accepted(stream, bytes, next.fin && bytes == next.bytes, now);
    }
    switch (size) {
      case NGTCP2_ERR_WRITE_MORE: continue;
      case NGTCP2_ERR_STREAM_SHUT_WR: stopped_by_peer(stream, now); [[fallthrough]];
      case NGTCP2_ERR_STREAM_DATA_BLOCKED:
      case NGTCP2_ERR_STREAM_NOT_FOUND: engine_.blocked(stream); continue;
      default: return done(size);
    }
  }
}

}  // namespace parley::quic
