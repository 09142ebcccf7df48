// So many requests of one client in a while; more are 429 (RFC 6585 §4).
//
//   app.use(parley::rate_limit(100, std::chrono::minutes(1)));                                // by address
//   app.use(parley::rate_limit(5, std::chrono::minutes(1)).at("/login"));                     // passwords are not for guessing
//   app.use(parley::rate_limit(1000, std::chrono::hours(1)).by_header("X-Api-Key"));
#pragma once

#include <parley/filter.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// Evenly refilled (GCRA: a bucket of `burst` tokens, one of which comes back every `window / requests`). Answers 429 with Retry-After and
/// RateLimit (draft-ietf-httpapi-ratelimit-headers); the counter `rate_limited` has them.
///
/// Its memory is fixed (2.5 MiB once it is used, 65,536 keys), whatever keys come: where there is no room, who owes least is forgotten. All loops share
/// it, by a lock on a sixteenth for one look-up.
class PARLEY_API rate_limit final : public filter {
 public:
  /// Throws `std::invalid_argument` when one of them is 0 or less, when there are more requests than nanoseconds, and when `burst` of them
  /// would take more than 73 years (2^61 ns) to come back: no clock here measures that.
  rate_limit(std::size_t requests, std::chrono::nanoseconds window);
  /// So many may come at once. Default: all of `requests`. Throws as the constructor does; give it last.
  rate_limit& burst(std::size_t most);
  /// By this field's value, of whoever sends one; others are not counted.
  rate_limit& by_header(std::string_view name);
  /// By what this gives: a user, a session, a tenant. Nothing: not counted. Default: by `request::client_address`, of IPv6 its /64.
  rate_limit& by(std::function<std::optional<std::string>(const request&)> key);
  /// Only for this path and what is below it; repeatable. Default: everything.
  rate_limit& at(std::string_view prefix);
  /// What RateLimit calls it. Default: `default`.
  rate_limit& name(std::string policy);

  std::optional<response> before(request& req) override;
  void added_to(server& app) override;

  struct state;

 private:
  std::shared_ptr<state> state_;
  path_prefixes paths_;
};

}  // namespace parley
