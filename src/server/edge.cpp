// Before and behind all handlers: who the client is, its ids, filters.
#include "base/random.hpp"
#include "connection/message_access.hpp"
#include "semantics/target.hpp"
#include "semantics/trace_context.hpp"
#include "server/server_core.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley {

namespace {

using detail::request_access;

constexpr std::size_t longest_request_id = 128;

bool is_request_id(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("-._~+/=:@").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= longest_request_id && std::ranges::all_of(text, fits);
}

std::string new_request_id() {
  std::array<std::byte, 16> bytes{};
  base::system_random().fill(bytes);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id;
  id.reserve(2 * bytes.size());
  for (const std::byte b : bytes) id += {digits[std::to_integer<unsigned>(b) >> 4], digits[std::to_integer<unsigned>(b) & 15]};
  return id;
}

void give_id(request& req) {
  auto& notes = request_access::notes(req);
  const std::string_view sent = notes.by_proxy ? req.header("X-Request-Id") : std::string_view();
  notes.id = is_request_id(sent) ? std::string(sent) : new_request_id();
}

void give_trace(request& req) {
  auto& random = base::system_random();
  // §3.2: one that is not valid, or comes twice, is as if it were not there.
  const auto sent = semantics::parse_traceparent(req.fields().joined("traceparent"));
  const auto trace = sent ? sent->child(random) : semantics::traceparent::make(random, false);
  request_access::notes(req).trace = semantics::to_text(trace);
}

}  // namespace

void server_core::believe_proxies(request& req) const {
  const std::string peer(req.client_address());
  if (!trusted.contains(peer)) return;
  const fields& sent = std::as_const(req).fields();
  const semantics::client_origin origin =
      proxies_say == forwarded_by::forwarded
          ? semantics::origin_by_forwarded(peer, sent.joined("Forwarded"), trusted)
          : semantics::origin_by_x_forwarded(peer, sent.joined("X-Forwarded-For"), sent.joined("X-Forwarded-Proto"),
                                             sent.joined("X-Forwarded-Host"), trusted);
  const auto host =
      origin.host.empty() ? semantics::parsed_host{} : semantics::parse_host(origin.host).value_or(semantics::parsed_host{});
  auto& notes = request_access::notes(req);
  notes.by_proxy = true;
  if (origin.address != peer) notes.client_address = origin.address;
  const bool named = host.kind != semantics::host_kind::empty;
  if (origin.proto.empty() && !named) return;
  request_access::origin(req, origin.proto, named ? std::string_view(origin.host) : std::string_view());
}

std::optional<response> server_core::look_first(request& req) const {
  if (!trusted.empty()) believe_proxies(req);
  if (request_ids) give_id(req);
  if (tracing) give_trace(req);
  // A balancer's probe knows no password, comes by address, in cleartext, and often.
  const bool reads = req.method() == method::get || req.method() == method::head;
  if (reads && !health_path.empty() && req.path() == health_path) return health_answer();
  try {
    for (const auto& each : filters) {
      if (auto answer = each->before(req)) return answer;
    }
  } catch (...) {
    return answer_to(std::current_exception(), req);
  }
  return std::nullopt;
}

void server_core::look_last(const request& req, response& answer) const {
  if (std::holds_alternative<detail::tunnel_content>(detail::response_access::content(answer))) return;
  if (!req.id().empty()) answer.header("X-Request-Id", req.id());
  try {
    for (auto each = filters.rbegin(); each != filters.rend(); ++each) (*each)->after(req, answer);
  } catch (...) {
    answer = answer_to(std::current_exception(), req);
  }
}

void server_core::add_filter(std::shared_ptr<filter> one) {
  filters.push_back(std::move(one));
  looks_first = looks_last = true;
}

std::atomic<std::uint64_t>& server_core::counted(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || !std::ranges::all_of(name, fits)) {
    throw std::invalid_argument("parley::server: a counter's name has lower-case letters, digits and _ alone; got \"" +
                                std::string(name) + "\"");
  }
  for (auto& [known, value] : own_counters_) {
    if (known == name) return value;
  }
  auto& made = own_counters_.emplace_back();
  made.first = name;
  return made.second;
}

}  // namespace parley
