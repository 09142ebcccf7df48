// A request as a line of the access log.
#pragma once

#include <parley/server.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::server_room {

/// What a line tells. Text from the peer is escaped where the line is made, so a request can neither forge a line nor send a
/// terminal an escape sequence.
struct access_entry {
  std::string_view peer;  // `127.0.0.1:50000`, `[::1]:50000`, `unix:`
  std::chrono::system_clock::time_point time;
  std::string_view method;  // empty: no request could be read
  std::string_view target;
  std::string_view version;
  std::string_view host;
  int status = 0;
  std::uint64_t bytes = 0;                // of content
  std::chrono::nanoseconds duration{-1};  // from the request's head to the hand-over of the answer's last byte; below 0: none
  std::string_view referer;
  std::string_view user_agent;
  bool pushed = false;           // no client asked for it (RFC 9113 §8.4)
  std::string_view client = {};  // its address, where a trusted proxy is the peer
  std::string_view user = {};
  std::string_view id = {};
  std::string_view trace = {};
  std::uint64_t received = 0;  // of a tunnel
  bool tunnel = false;
};

/// `HTTP/1.1`, `HTTP/2.0`: as logs of other servers have it.
[[nodiscard]] std::string_view name_in_log(parley::version v);

/// Appends the entry's line, with its line feed. Combined: as Apache and nginx write it, the time in this machine's zone.
void append_combined(std::string& out, const access_entry& entry);
/// JSON: one object a line (the members are listed in docs/running.md), always valid UTF-8, the time in UTC (RFC 3339).
void append_json(std::string& out, const access_entry& entry);

/// The line that says that `count` lines are missing here.
void append_lost(std::string& out, log_format format, std::uint64_t count, std::chrono::system_clock::time_point now);

}  // namespace parley::server_room
