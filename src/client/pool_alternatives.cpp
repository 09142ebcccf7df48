#include "client/pool.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>
#include <vector>

// Where else an origin is served (Alt-Svc, RFC 7838): who may say so, and who is sent there.

namespace parley::fetching {

namespace {

// RFC 7838 §2.1: who says it must have shown that it is the origin; and what is said about a host is no matter of a Unix socket.
bool may_say(const origin& to) { return to.secure && to.verify && to.straight(); }

// RFC 9111 §5.1. What is no number counts for nothing.
std::chrono::seconds age_of(const parley::fields& of) {
  const std::string_view text = of.get("Age").value_or("");
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc::result_out_of_range) return std::chrono::seconds(std::numeric_limits<std::uint32_t>::max());
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return std::chrono::seconds(seconds);
}

}  // namespace

std::string alternative_name(const origin& to, const known_alternative& of) {
  const std::string& host = of.at_host.empty() ? to.host : of.at_host;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(of.at_port);
}

const known_alternative* pool::alternative_of(const origin& to) const {
  if (to.choice != speaks::best || !settings_.alternatives || !may_say(to)) return nullptr;
  return settings_.known->usable(to.host, to.port, loop_.now());
}

// HTTP/3 was asked for, and is there: an alternative at the same place that had failed need not wait any longer.
void pool::http3_worked(const origin& to) {
  if (!settings_.alternatives || !may_say(to)) return;
  for (const known_alternative& each : settings_.known->all()) {
    if (each.is_for(to.host, to.port) && each.at_host.empty() && each.at_port == to.port)
      return settings_.known->worked(to.host, to.port);
  }
}

// One is tried at a time; meanwhile others use what is there.
bool pool::wants_alternative(const origin_connections& at) const {
  if (at.racing || settings_.known->all().empty()) return false;
  const bool there = std::ranges::any_of(at.shared, [](const link* each) {
    return each->connection->version() == parley::version::http3 && !each->draining && !each->closed;
  });
  return !there && alternative_of(at.to) != nullptr;
}

void pool::learn(const origin& to, const semantics::response_head& answer) {
  constexpr int misdirected_request = 421;  // RFC 7838 §6: its field is not to be used
  if (!settings_.alternatives || !connection::has_http3() || !may_say(to) || answer.status == misdirected_request) return;
  if (!answer.fields.contains("Alt-Svc")) return;
  if (auto said = semantics::parse_alt_svc(answer.fields.joined("Alt-Svc"))) {
    // RFC 7838 §3.1: it is as old as its answer, which may come from a cache.
    if (const std::chrono::seconds age = age_of(answer.fields); age.count() > 0) {
      std::erase_if(said->services, [age](const semantics::alternative_service& each) { return each.max_age <= age; });
      if (said->services.empty() && !said->clear) return;
      for (semantics::alternative_service& each : said->services) each.max_age -= age;
    }
    settings_.known->learn(to.host, to.port, *said, loop_.now());
  }
}

bool pool::alternative_misdirected(const lease& on, const origin& to) {
  if (on.on().alternative.empty()) return false;
  settings_.known->forget(to.host, to.port);
  return true;
}

}  // namespace parley::fetching
