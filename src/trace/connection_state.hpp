// What is known of one connection while records come in: the look-up and connect that its first exchange gets, and those under way.
#pragma once

#include "trace/exchange.hpp"
#include "trace/recorded.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::trace {

/// What is known of a connection, and its exchanges under way: one in HTTP/1, many in later versions.
struct connection_state {
  std::uint64_t id = 0;
  std::uint64_t exchanges = 0;  // so far
  exchange prototype;           // look-up and connect, handed to the first exchange
  bool has_prototype = false;
  bool shaken = false;  // QUIC: its handshake is done
  std::string peer;
  std::optional<time_point> first_in;  // of bytes that belong to no message yet
  std::optional<time_point> last_in;
  std::vector<exchange> open;

  void operator()(const recorded& one, const resolve_step& step);
  void operator()(const recorded& one, const connect_step& step);
  void operator()(const recorded& one, const handshake_step& step);
  void operator()(const recorded& one, const bytes_step& step);
  void operator()(const recorded& one, const head_step& step);
  void operator()(const recorded& one, const data_step& step);
  void operator()(const recorded& one, const trailers_step& step);
  void operator()(const recorded& one, const end_step& step);
  void operator()(const recorded&, const state_step&) {}
  void operator()(const recorded& one, const error_step& step);
  void operator()(const recorded& one, const close_step& step);
  void operator()(const recorded& one, const push_step& step);
  void operator()(const recorded& one, const frame_step& step);

  exchange& open_exchange(const recorded& one, engine::role role);
  exchange* find(engine::stream_id stream);
  message* find_message(engine::stream_id stream, direction way);
  /// The exchange on that stream, which is none of this connection's any more.
  std::optional<exchange> take(engine::stream_id stream);
};

/// Whether all of it was written; of a message that this end sends.
[[nodiscard]] bool is_written(const exchange& x);
/// Its response ends an exchange: what may still come of a request that was answered early is dropped.
[[nodiscard]] bool is_whole(const exchange& x);

}  // namespace parley::trace
