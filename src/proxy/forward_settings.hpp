// What a forward proxy was told, and what it has at once.
#pragma once

#include "net/loop.hpp"
#include "proxy/host_rules.hpp"
#include "server/address_counts.hpp"

#include <parley/client.hpp>
#include <parley/proxy.hpp>
#include <parley/request.hpp>
#include <parley/server.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

struct forward_proxy::settings {
  proxying::host_rules allowed = {};
  std::vector<std::uint16_t> tunnel_ports{443};
  std::vector<std::uint16_t> http_ports{80};
  bool allow_private = false;
  std::vector<std::pair<std::string, std::string>> users = {};
  std::function<task<bool>(std::string, std::string)> check = {};
  std::chrono::milliseconds connect_time{10'000};
  std::chrono::milliseconds idle_time{120'000};
  std::chrono::milliseconds total_time{3'600'000};
  std::size_t tunnels = 1'000;
  std::size_t tunnels_per_client = 100;
  std::uint64_t bytes = 0;
  std::string name = {};
};

}  // namespace parley

namespace parley::proxying {

/// Where refusals and limits are counted: the server's.
struct tallies {
  std::atomic<std::uint64_t>& tunnels;       // that were opened
  std::atomic<std::uint64_t>& requests;      // that were sent on
  std::atomic<std::uint64_t>& bytes;         // in tunnels, both ways
  std::atomic<std::uint64_t>& denied;        // by the rules
  std::atomic<std::uint64_t>& unauthorized;  // without credentials that count
  std::atomic<std::uint64_t>& not_public;    // by the host's address
  std::atomic<std::uint64_t>& loops;
  std::atomic<std::uint64_t>& over_tunnels;  // tunnels, tunnels_per_client
  std::atomic<std::uint64_t>& over_time;     // connect_time, idle_time, total_time
  std::atomic<std::uint64_t>& over_bytes;
  std::atomic<std::uint64_t>& failed;  // hosts that could not be found or reached, or broke off
};

/// One proxy at one server. All loops share it.
class forward_service {
 public:
  forward_service(forward_proxy::settings how, tallies counts) : how_(std::move(how)), counts_(counts) {}

  [[nodiscard]] const forward_proxy::settings& how() const { return how_; }
  [[nodiscard]] const tallies& counts() const { return counts_; }
  [[nodiscard]] bool takes_address(std::string_view address) const { return how_.allow_private || public_address(address); }

  /// A tunnel's place, or a request's, among those at once.
  class place {
   public:
    place(forward_service& of, server_room::address_counts::place by_address) : of_(of), by_address_(std::move(by_address)) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() { of_.open_.fetch_sub(1, std::memory_order_relaxed); }

   private:
    forward_service& of_;
    server_room::address_counts::place by_address_;
  };
  /// Throws `problem_error` with 503 or 429.
  [[nodiscard]] std::shared_ptr<place> enter(const request& req);
  /// Of this loop.
  [[nodiscard]] client& http();

 private:
  forward_proxy::settings how_;
  tallies counts_;
  std::atomic<std::size_t> open_{0};
  server_room::address_counts clients_;
  std::mutex mutex_;  // of the list
  std::vector<std::unique_ptr<client>> http_;
};

/// When something that is carried began, and when it last moved.
struct carried_time {
  explicit carried_time(net::loop& on) : loop(on), began(on.now()), last(on.now()) {}
  void moved() { last = loop.now(); }
  net::loop& loop;
  net::time_point began, last;
};

/// What is carried is over a limit, which was counted.
struct over_limit : std::exception {};

/// Ends by `over_limit` alone: when nothing has moved for `idle_time`, or `total_time` is over.
[[nodiscard]] task<> watch_times(const forward_service& in, const carried_time& of);

/// What a server runs for each request; `counted` is its own, asked once for each name.
[[nodiscard]] std::function<task<response>(request&, next)> forward_middleware(
    forward_proxy::settings how, const std::function<std::atomic<std::uint64_t>&(std::string_view)>& counted);

/// Throws `problem_error` with 407 unless the request shows credentials that count; does nothing where there are no users.
[[nodiscard]] task<> authorize(forward_service& in, request& req);
/// Answers a CONNECT.
[[nodiscard]] task<response> open_tunnel(std::shared_ptr<forward_service> in, request& req);
/// Answers a request for a http URL.
[[nodiscard]] task<response> send_on(std::shared_ptr<forward_service> in, request& req);
/// Whether it is for another origin, to be sent on.
[[nodiscard]] bool is_for_another(const request& req);

/// An error of ours, with Proxy-Status (RFC 9209): `error` is one of its §2.3.
[[noreturn]] void refuse(const forward_service& in, int status, std::string_view error, std::string sentence);

}  // namespace parley::proxying
