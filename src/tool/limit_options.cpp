#include "tool/limit_options.hpp"

#include "tool/exit_code.hpp"
#include "tool/nearest.hpp"
#include "trace/escape.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>

namespace parley::tool {

namespace {

using milliseconds = std::chrono::milliseconds;
using size_member = std::size_t limits::*;
using count_member = std::uint64_t limits::*;

struct bytes {  // of content or a buffer: KiB and MiB make sense
  size_member at;
  std::size_t least = 1;
};
struct number {
  size_member at;
  std::size_t least;  // 0 where that means none
};
struct requests {
  count_member at;
};
using time = milliseconds limits::*;
using truth = bool limits::*;

struct limit {
  std::string_view name;
  std::variant<bytes, number, requests, time, truth> what;
};

// As in parley/limits.hpp, without `informational`, which is a client's.
constexpr std::array all{
    limit{"start_line", bytes{&limits::start_line}},
    limit{"field_line", bytes{&limits::field_line}},
    limit{"head", bytes{&limits::head}},
    limit{"field_count", number{&limits::field_count, 1}},
    limit{"leading_empty_lines", number{&limits::leading_empty_lines, 0}},
    limit{"chunk_line", bytes{&limits::chunk_line}},
    limit{"chunk_extensions", bytes{&limits::chunk_extensions}},
    limit{"trailers", bytes{&limits::trailers}},
    limit{"trailer_count", number{&limits::trailer_count, 0}},
    limit{"content", bytes{&limits::content}},
    limit{"drain", bytes{&limits::drain}},
    limit{"receive_window", bytes{&limits::receive_window}},
    limit{"send_window", bytes{&limits::send_window}},
    limit{"handshake_time", &limits::handshake_time},
    limit{"head_time", &limits::head_time},
    limit{"idle_time", &limits::idle_time},
    limit{"stall_time", &limits::stall_time},
    limit{"receive_rate", number{&limits::receive_rate, 0}},
    limit{"send_rate", number{&limits::send_rate, 0}},
    limit{"discard_time", &limits::discard_time},
    limit{"half_close_time", &limits::half_close_time},
    limit{"linger_time", &limits::linger_time},
    limit{"streams", number{&limits::streams, 1}},
    limit{"pushes", number{&limits::pushes, 0}},
    limit{"connection_receive_window", bytes{&limits::connection_receive_window, 65'535}},
    limit{"connection_send_window", bytes{&limits::connection_send_window}},
    limit{"connection_content", bytes{&limits::connection_content}},
    limit{"field_table", bytes{&limits::field_table, 0}},
    limit{"frame", bytes{&limits::frame, 16'384}},
    limit{"continuations", number{&limits::continuations, 0}},
    limit{"settings_time", &limits::settings_time},
    limit{"resets", number{&limits::resets, 1}},
    limit{"glitches", number{&limits::glitches, 1}},
    limit{"budget_time", &limits::budget_time},
    limit{"quic_idle_time", &limits::quic_idle_time},
    limit{"quic_half_open", number{&limits::quic_half_open, 1}},
    limit{"quic_retry_above", number{&limits::quic_retry_above, 0}},
    limit{"quic_stateless_replies", number{&limits::quic_stateless_replies, 0}},
    limit{"quic_tokens", number{&limits::quic_tokens, 0}},
    limit{"early_data_replays", number{&limits::early_data_replays, 0}},
    limit{"unidirectional_streams", number{&limits::unidirectional_streams, 3}},
    limit{"blocked_streams", number{&limits::blocked_streams, 0}},
    limit{"blocked_time", &limits::blocked_time},
    limit{"control_frame", bytes{&limits::control_frame, 256}},
    limit{"unacknowledged", bytes{&limits::unacknowledged, 65'535}},
    limit{"datagrams", number{&limits::datagrams, 0}},
    limit{"requests_per_connection", requests{&limits::requests_per_connection}},
    limit{"file_cache", bytes{&limits::file_cache, 0}},
    limit{"file_cache_entries", number{&limits::file_cache_entries, 0}},
    limit{"connections", number{&limits::connections, 1}},
    limit{"connections_per_address", number{&limits::connections_per_address, 0}},
    limit{"handshakes_per_address", number{&limits::handshakes_per_address, 0}},
    limit{"count_loopback", &limits::count_loopback},
};

struct unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array byte_units{unit{"", 1}, unit{"KiB", 1024}, unit{"MiB", 1024UL * 1024}};
constexpr std::array time_units{unit{"ms", 1}, unit{"s", 1000}, unit{"min", 60'000}};
constexpr std::uint64_t most = 1'000'000'000'000;  // far from any overflow, and beyond all use

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<unit, N>& units) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || n > most) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto found = std::ranges::find(units, rest, &unit::name);
  if (found == units.end() || n > most / found->factor) return std::nullopt;
  return n * found->factor;
}

constexpr std::array no_unit{unit{"", 1}};

/// Sets the member, or says what would have been right.
struct setter {
  limits& to;
  std::string_view text;

  std::string_view operator()(const bytes& of) const {
    const auto n = parse(text, byte_units);
    if (!n || *n < of.least) return "takes a size, such as 65536 or 64KiB";
    to.*of.at = static_cast<std::size_t>(*n);
    return {};
  }
  std::string_view operator()(const number& of) const {
    const auto n = parse(text, no_unit);
    if (!n || *n < of.least) return of.least == 0 ? "takes a whole number, such as 100" : "takes a whole number from 1 on";
    to.*of.at = static_cast<std::size_t>(*n);
    return {};
  }
  std::string_view operator()(const requests& of) const {
    const auto n = parse(text, no_unit);
    if (!n || *n == 0) return "takes a whole number from 1 on";
    to.*of.at = *n;
    return {};
  }
  std::string_view operator()(const time& of) const {
    const auto n = parse(text, time_units);
    if (!n || *n == 0) return "takes a time, such as 500ms, 10s or 2min";
    to.*of = milliseconds(*n);
    return {};
  }
  std::string_view operator()(const truth& of) const {
    if (text != "true" && text != "false") return "must be true or false";
    to.*of = text == "true";
    return {};
  }
};

}  // namespace

std::vector<std::string> limit_names() {
  std::vector<std::string> names;
  for (const limit& l : all) names.emplace_back(l.name);
  return names;
}

void set_limit(limits& to, std::string_view name, std::string_view value, const std::string& where) {
  const auto found = std::ranges::find(all, name, &limit::name);
  if (found == all.end()) {
    const auto names = limit_names();
    const std::string meant(nearest(name, names));
    std::string known;
    for (const std::string& each : names) known += (known.empty() ? "" : ", ") + each;
    throw refusal(exit_usage, where + "there is no limit " + trace::printable(name) +
                                  (meant.empty() ? "; there are " + known : "; did you mean " + meant + "?"));
  }
  const std::string_view wrong = std::visit(setter{to, value}, found->what);
  if (!wrong.empty()) {
    throw refusal(exit_usage, where + "the limit " + std::string(name) + " " + std::string(wrong) + "; got \"" +
                                  trace::printable(value) + "\"");
  }
}

void set_limit(limits& to, std::string_view assignment, const std::string& where) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    throw refusal(exit_usage,
                  where + "give a name and a value, such as head_time=5s; got \"" + trace::printable(assignment) + "\"");
  }
  set_limit(to, assignment.substr(0, equals), assignment.substr(equals + 1), where);
}

}  // namespace parley::tool
