#include "server/trace_answer.hpp"

#include "base/ascii.hpp"
#include "server/access_line.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace parley::server_room {

namespace {

// Whole names, and what names of secrets have in them. A script that sends TRACE must not learn what its page is not shown (XST).
constexpr std::array<std::string_view, 4> secret_names{"cookie", "cookie2", "x-client-cert", "client-cert"};
constexpr std::array<std::string_view, 8> secret_parts{"auth",    "token",      "secret",  "passw",
                                                       "session", "credential", "api-key", "csrf"};

bool is_secret(std::string_view name) {
  const std::string lower = base::to_lower(name);
  const auto within = [&lower](std::string_view part) { return lower.find(part) != std::string::npos; };
  return std::ranges::find(secret_names, lower) != secret_names.end() || std::ranges::any_of(secret_parts, within);
}

}  // namespace

response trace_answer(const request& req) {
  std::string echo("TRACE ");
  echo.append(req.target()).append(" ").append(name_in_log(req.version())).append("\r\n");
  // RFC 9113 §8.3.1: what was the Host field is no field from HTTP/2 on.
  if (!req.fields().contains("Host") && !req.authority().empty()) echo.append("Host: ").append(req.authority()).append("\r\n");
  for (const auto& line : req.fields()) {
    if (!is_secret(line.name)) echo.append(line.name).append(": ").append(line.value).append("\r\n");
  }
  response answer;
  answer.content(echo + "\r\n", "message/http");
  return std::move(answer).header("Cache-Control", "no-store").header("X-Content-Type-Options", "nosniff");
}

}  // namespace parley::server_room
