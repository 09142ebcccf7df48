// What a server counts: one set a loop, added up when somebody asks.
#pragma once

#include "base/counter.hpp"
#include "connection/http3.hpp"
#include "connection/traffic.hpp"
#include "engine/protocol_error.hpp"
#include "server/request_statistics.hpp"

#include <parley/server.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::server_room {

enum class count : std::uint8_t {
  connections_accepted,
  connections_closed,
  connections_refused,
  accept_errors,
  handshakes_failed,
  tls_errors,
  tls_truncated,
  requests,
  responses_1xx,
  responses_2xx,
  responses_3xx,
  responses_4xx,
  responses_5xx,
  connections_http2,
  requests_http2,
  connections_http3,
  requests_http3,
  requests_early,
  too_early,
  pushes,
  early_hints,
  datagrams_unknown,
  datagrams_handed_over,
  datagrams_dropped,
  quic_retries,
  quic_resets,
  responses_coded,
  compression_full,
  ranges_ignored,
};
inline constexpr std::size_t count_count = 29;

/// Of one loop: only its thread counts, any thread reads.
class alignas(64) counters {
 public:
  counters();
  void add(count what, std::uint64_t n = 1) { plain_[static_cast<std::size_t>(what)].add(n); }
  void add_response(int status);
  /// Under its name, and under that of its limit if it has one.
  void add_violation(const engine::protocol_error& error);
  /// A member of `parley::limits`, by its name.
  void add_limit(std::string_view name, std::uint64_t n = 1);
  void add(const connection::http3_counts& more);

  [[nodiscard]] connection::traffic& traffic() { return traffic_; }
  [[nodiscard]] request_statistics& requests() { return requests_; }
  [[nodiscard]] const request_statistics& requests() const { return requests_; }
  [[nodiscard]] std::uint64_t value(count what) const { return plain_[static_cast<std::size_t>(what)].value(); }

  /// The sums over all of `sets`, by name, in an order that stays.
  [[nodiscard]] static std::vector<counter> sum(std::span<const counters* const> sets);

 private:
  std::array<base::counter, count_count> plain_;
  connection::traffic traffic_;
  request_statistics requests_;
  std::vector<base::counter> limits_;      // as limit_names
  std::vector<base::counter> violations_;  // as violation_names
};

/// The limits that can fire at a server.
[[nodiscard]] std::span<const std::string_view> limit_names();

}  // namespace parley::server_room
