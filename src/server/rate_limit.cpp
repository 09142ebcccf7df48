#include <parley/rate_limit.hpp>

#include <parley/server.hpp>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "semantics/structured_value.hpp"
#include "server/address_counts.hpp"
#include "server/rate_table.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <stdexcept>
#include <utility>

namespace parley {

struct rate_limit::state {
  std::size_t requests;
  std::chrono::nanoseconds window;
  std::chrono::nanoseconds interval;  // a token comes back
  std::size_t burst;
  std::string header;
  std::function<std::optional<std::string>(const request&)> key;
  std::string name = "default";
  server_room::rate_table table;
  std::array<std::uint64_t, 4> keys{};
  std::atomic<std::uint64_t>* counted = nullptr;

  [[nodiscard]] std::optional<std::string> key_of(const request& req) const {
    if (key) return key(req);
    if (!header.empty()) {
      const auto value = req.fields().get(header);
      return value ? std::optional(std::string(*value)) : std::nullopt;
    }
    const std::string address(req.client_address());
    const auto known = server_room::address_key_of({address, 0, false}, true);
    if (!known) return address;  // a Unix socket, say
    return std::string(known->ipv6 ? "6" : "4") + std::to_string(known->bits);
  }
};

rate_limit::rate_limit(std::size_t requests, std::chrono::nanoseconds window) : state_(std::make_shared<state>()) {
  if (requests == 0 || window.count() <= 0)
    throw std::invalid_argument("parley::rate_limit: some requests in some time are needed");
  if (requests > static_cast<std::uint64_t>(window.count()))
    throw std::invalid_argument("parley::rate_limit: more than one request a nanosecond is no limit");
  state_->requests = requests;
  state_->window = window;
  const auto n = static_cast<std::int64_t>(requests);
  state_->interval = window / n + std::chrono::nanoseconds(window.count() % n != 0 ? 1 : 0);  // never more than was allowed
  burst(requests);
  base::system_random().fill(std::as_writable_bytes(std::span(state_->keys)));
}
rate_limit& rate_limit::burst(std::size_t most) {
  most = std::max<std::size_t>(most, 1);
  // So `rate_table` can add to the time of the clock without a look at its end.
  constexpr std::uint64_t longest = std::uint64_t{1} << 61;
  if (most > longest / static_cast<std::uint64_t>(state_->interval.count()))
    throw std::invalid_argument("parley::rate_limit: so many requests at that rate take more than 73 years");
  state_->burst = most;
  return *this;
}
rate_limit& rate_limit::by_header(std::string_view name) {
  state_->header = name;
  return *this;
}
rate_limit& rate_limit::by(std::function<std::optional<std::string>(const request&)> key) {
  state_->key = std::move(key);
  return *this;
}
rate_limit& rate_limit::at(std::string_view prefix) {
  paths_.add(prefix);
  return *this;
}
rate_limit& rate_limit::name(std::string policy) {
  state_->name = std::move(policy);
  return *this;
}

void rate_limit::added_to(server& app) { state_->counted = &app.counted("rate_limited"); }

std::optional<response> rate_limit::before(request& req) {
  if (!paths_.match(req)) return std::nullopt;
  state& s = *state_;
  const auto key = s.key_of(std::as_const(req));
  if (!key) return std::nullopt;
  const server_room::rate_table::key_type mark{base::siphash13({s.keys[0], s.keys[1]}, *key),
                                               base::siphash13({s.keys[2], s.keys[3]}, *key)};
  const auto wait = s.table.take(mark, s.interval, s.burst, std::chrono::steady_clock::now());
  if (wait.count() == 0) return std::nullopt;
  if (s.counted != nullptr) s.counted->fetch_add(1, std::memory_order_relaxed);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  problem_error refusal(problem(429).detail("Too many requests. Try again in " + std::to_string(seconds) + " s."));
  refusal.header("Retry-After", std::to_string(seconds));
  namespace sf = semantics::sf;
  const auto window = std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(s.window).count(), 1);
  const sf::list policy{sf::item{s.name, {{"q", static_cast<std::int64_t>(s.requests)}, {"w", window}}}};
  const sf::list left{sf::item{s.name, {{"r", std::int64_t{0}}, {"t", static_cast<std::int64_t>(seconds)}}}};
  if (const auto text = sf::serialise(policy)) refusal.header("RateLimit-Policy", *text);
  if (const auto text = sf::serialise(left)) refusal.header("RateLimit", *text);
  throw refusal;
}

}  // namespace parley
