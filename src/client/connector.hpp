// From an origin to a connected byte stream: its addresses, tried one after the other with overlap.
#pragma once

#include "client/errors.hpp"
#include "client/plan.hpp"
#include "client/progress.hpp"
#include "engine/observer.hpp"
#include "net/connect.hpp"
#include "net/loop.hpp"
#include "net/resolve.hpp"
#include "net/stream.hpp"
#include "tls/session.hpp"

#include <parley/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace parley::fetching {

/// What the connector shows of its work, under the id that the connection will have. What
/// `sink` points to may be null, and may become so.
struct connect_report {
  engine::observer* const* sink = nullptr;
  std::uint64_t connection = 0;
  const net::loop* clock = nullptr;

  void resolving(std::string_view host) const;
  void resolved(std::string_view host, const std::vector<net::endpoint>& addresses) const;
  void connecting(const net::endpoint& to, bool quic = false) const;
  void connected(const net::endpoint& to, bool quic = false) const;
  /// By a proxy's tunnel, which this exchange of that connection has opened.
  void tunnelled(const net::endpoint& to, std::uint64_t through, engine::stream_id stream) const;
  void failed(const net::endpoint& to, std::string_view reason, bool quic = false) const;
  /// Nothing more comes under this id: the request goes over the connection of another origin.
  void shared(std::uint64_t with) const;
  void securing() const;
  void secured(const tls::session& settled, const tls::error& wrong) const;
};

/// Looks a host up.
class resolve_operation final : public parley::detail::operation {
 public:
  using answer = std::expected<std::vector<net::endpoint>, std::error_code>;
  resolve_operation(net::loop& on, const origin& to) : loop_(on), to_(to) {}
  answer await_resume();

 private:
  void start() override;
  void cancel() noexcept override { asked_.reset(); }

  net::loop& loop_;
  const origin& to_;
  std::unique_ptr<net::pending> asked_;
  answer answer_;
};

/// Connects to the first of several addresses that answers. RFC 8305 §5: each has a head start before the next is tried as well; one
/// that fails makes the next one's turn come at once.
class connect_operation final : public parley::detail::operation {
 public:
  /// RFC 8305 §8, "Connection Attempt Delay".
  static constexpr std::chrono::milliseconds head_start{250};

  connect_operation(net::loop& on, std::vector<net::endpoint> addresses, const connect_report& report);
  /// The stream; null when every address failed, see `failures`.
  std::unique_ptr<net::byte_stream> await_resume();
  [[nodiscard]] const std::vector<failed_address>& failures() const { return failures_; }

 private:
  void start() override { try_next(); }
  void cancel() noexcept override { give_up_rest(); }
  void try_next();
  void ended(std::size_t index, std::expected<std::unique_ptr<net::byte_stream>, std::error_code> result);
  void give_up_rest();

  net::loop& loop_;
  std::vector<net::endpoint> addresses_;
  const connect_report& report_;
  std::vector<std::unique_ptr<net::pending>> attempts_;  // as many as were begun; null: ended
  std::vector<failed_address> failures_;
  std::unique_ptr<net::byte_stream> stream_;
  net::timer next_;
};

/// Throws `fetch_error` (resolve). `report` and `to` must outlive the task.
[[nodiscard]] task<std::vector<net::endpoint>> addresses_of(net::loop& on, const origin& to, const connect_report& report);

/// To the first of these addresses that answers. Throws `fetch_error` (connect). `report` and `to` must outlive the task.
[[nodiscard]] task<std::unique_ptr<net::byte_stream>> connect_to_one(net::loop& on, const origin& to,
                                                                     std::vector<net::endpoint> addresses,
                                                                     const connect_report& report, progress& at);

}  // namespace parley::fetching
