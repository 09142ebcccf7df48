#include "server/counters.hpp"

#include "connection/make_engine.hpp"

#include <algorithm>

namespace parley::server_room {

namespace {

using namespace std::string_view_literals;

// docs/security.md explains each; names do not change.
constexpr std::array all_limits{
    "start_line"sv,
    "field_line"sv,
    "head"sv,
    "field_count"sv,
    "leading_empty_lines"sv,
    "chunk_line"sv,
    "chunk_extensions"sv,
    "trailers"sv,
    "trailer_count"sv,
    "content"sv,
    "drain"sv,
    "handshake_time"sv,
    "head_time"sv,
    "idle_time"sv,
    "stall_time"sv,
    "receive_rate"sv,
    "send_rate"sv,
    "discard_time"sv,
    "half_close_time"sv,
    "linger_time"sv,
    "streams"sv,
    "connection_receive_window"sv,
    "connection_content"sv,
    "frame"sv,
    "continuations"sv,
    "settings_time"sv,
    "resets"sv,
    "glitches"sv,
    "requests_per_connection"sv,
    "connections"sv,
    "connections_per_address"sv,
    "handshakes_per_address"sv,
    "control_frame"sv,
    "blocked_time"sv,
    "quic_idle_time"sv,
    "quic_half_open"sv,
    "quic_stateless_replies"sv,
    "quic_tokens"sv,
};

// A response's faults (502) are a client's business. What is no HTTP at all is told by the connection. A rule that both versions have is one.
const std::vector<std::string_view>& violation_names() {
  static const auto all = [] {
    std::vector<std::string_view> names;
    for (const engine::protocol_error* v : connection::http1_violations()) {
      if (v->status != 502) names.push_back(v->name);
    }
    for (const engine::protocol_error* v : connection::http2_violations()) {
      if (std::ranges::find(names, v->name) == names.end()) names.push_back(v->name);
    }
    for (const engine::protocol_error* v : connection::http3_violations()) {
      if (std::ranges::find(names, v->name) == names.end()) names.push_back(v->name);
    }
    for (const std::span<const std::string_view> more : {connection::qpack_violations(), connection::quic_violations()}) {
      names.insert(names.end(), more.begin(), more.end());
    }
    names.push_back("tls-on-cleartext");
    names.push_back("http2-not-settled");
    return names;
  }();
  return all;
}

void add_to(std::vector<base::counter>& values, std::span<const std::string_view> names, std::string_view name,
            std::uint64_t n = 1) {
  const auto at = std::ranges::find(names, name);
  if (at != names.end()) values[static_cast<std::size_t>(at - names.begin())].add(n);
}

// Made once: `counter::name` are views.
const std::vector<std::string>& full_names(std::string_view prefix, std::span<const std::string_view> names,
                                           std::vector<std::string>& into) {
  for (const std::string_view n : names) into.push_back(std::string(prefix).append(n));
  return into;
}

}  // namespace

std::span<const std::string_view> limit_names() { return all_limits; }

counters::counters() : limits_(all_limits.size()), violations_(violation_names().size()) {}

void counters::add_response(int status) {
  const auto first = static_cast<std::size_t>(count::responses_1xx);
  const int group = std::clamp(status / 100, 1, 5);
  plain_[first + static_cast<std::size_t>(group - 1)].add();
}

void counters::add_violation(const engine::protocol_error& error) {
  add_to(violations_, violation_names(), error.name);
  if (!error.limit.empty()) add_limit(error.limit);
}

void counters::add_limit(std::string_view name, std::uint64_t n) { add_to(limits_, all_limits, name, n); }

void counters::add(const connection::http3_counts& more) {
  add(count::datagrams_unknown, more.garbage);
  add(count::quic_retries, more.retries);
  add(count::quic_resets, more.stateless_resets);
  if (more.over_half_open > 0) add_limit("quic_half_open", more.over_half_open);
  if (more.over_replies > 0) add_limit("quic_stateless_replies", more.over_replies);
  if (more.over_tokens > 0) add_limit("quic_tokens", more.over_tokens);
}

std::vector<counter> counters::sum(std::span<const counters* const> sets) {
  static const std::vector<std::string> limit_texts = [] {
    std::vector<std::string> texts;
    return full_names("limit.", all_limits, texts);
  }();
  static const std::vector<std::string> violation_texts = [] {
    std::vector<std::string> texts;
    return full_names("violation.", violation_names(), texts);
  }();
  const auto total = [&](auto&& value_of) {
    std::uint64_t n = 0;
    for (const counters* set : sets) n += value_of(*set);
    return n;
  };
  const auto plain = [&](count what) { return total([what](const counters& c) { return c.value(what); }); };

  // Closed before accepted: so that no reader sees more closed than accepted.
  const std::uint64_t closed = plain(count::connections_closed);
  const std::uint64_t accepted = plain(count::connections_accepted);
  std::vector<counter> all{
      {"connections_accepted", accepted},
      {"connections_open", accepted - std::min(accepted, closed)},
      {"connections_refused", plain(count::connections_refused)},
      {"accept_errors", plain(count::accept_errors)},
      {"handshakes_failed", plain(count::handshakes_failed)},
      {"tls_errors", plain(count::tls_errors)},
      {"tls_truncated", plain(count::tls_truncated)},
      {"requests", plain(count::requests)},
      {"responses_1xx", plain(count::responses_1xx)},
      {"responses_2xx", plain(count::responses_2xx)},
      {"responses_3xx", plain(count::responses_3xx)},
      {"responses_4xx", plain(count::responses_4xx)},
      {"responses_5xx", plain(count::responses_5xx)},
      {"connections_http2", plain(count::connections_http2)},
      {"requests_http2", plain(count::requests_http2)},
      {"connections_http3", plain(count::connections_http3)},
      {"requests_http3", plain(count::requests_http3)},
      {"requests_early", plain(count::requests_early)},
      {"too_early", plain(count::too_early)},
      {"pushes", plain(count::pushes)},
      {"early_hints", plain(count::early_hints)},
      {"datagrams_unknown", plain(count::datagrams_unknown)},
      {"datagrams_handed_over", plain(count::datagrams_handed_over)},
      {"datagrams_dropped", plain(count::datagrams_dropped)},
      {"quic_retries", plain(count::quic_retries)},
      {"quic_resets", plain(count::quic_resets)},
      {"responses_coded", plain(count::responses_coded)},
      {"compression_full", plain(count::compression_full)},
      {"ranges_ignored", plain(count::ranges_ignored)},
      {"bytes_received", total([](const counters& c) { return c.traffic_.received.value(); })},
      {"bytes_sent", total([](const counters& c) { return c.traffic_.sent.value(); })},
      {"bytes_by_sendfile", total([](const counters& c) { return c.traffic_.by_sendfile.value(); })},
  };
  for (std::size_t i = 0; i < all_limits.size(); ++i) {
    all.push_back({limit_texts[i], total([i](const counters& c) { return c.limits_[i].value(); })});
  }
  for (std::size_t i = 0; i < violation_texts.size(); ++i) {
    all.push_back({violation_texts[i], total([i](const counters& c) { return c.violations_[i].value(); })});
  }
  return all;
}

}  // namespace parley::server_room
