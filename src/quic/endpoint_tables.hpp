// Which connection a connection id belongs to, and what is left of those that were closed.
#pragma once

#include "base/hash.hpp"
#include "quic/endpoint.hpp"
#include "quic/native.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::quic {

/// A connection that is closed and answers for itself a little longer (RFC 9000 §10.2).
struct closed_connection {
  std::vector<connection_id> ids;
  std::string packet;  // its CONNECTION_CLOSE; empty: the peer's came first, and nothing is said any more
  time_point until;
  std::uint32_t received = 0;
};

struct endpoint::tables {
  /// One of the two; clients choose some of these ids, hence the keyed hash.
  struct target {
    connection* live = nullptr;
    closed_connection* closed = nullptr;
  };
  std::unordered_map<std::string, target, base::text_hash, std::equal_to<>> ids;
  std::deque<std::unique_ptr<closed_connection>> closed;
  struct waiting_reply {
    path to;
    std::string packet;
  };
  std::deque<waiting_reply> replies;
  /// After `fresh`, until `accept` or `refuse`.
  std::optional<accepted_initial> first;
  std::string token;  // of `first`
  std::size_t live = 0;
};

}  // namespace parley::quic
