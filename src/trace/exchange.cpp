#include "trace/exchange.hpp"

#include "trace/connection_state.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace parley::trace {

exchange_folder::exchange_folder(sink give) : give_(std::move(give)) {}
exchange_folder::~exchange_folder() = default;

connection_state& exchange_folder::find_connection(std::uint64_t id) {
  const auto at = std::ranges::find(connections_, id, &connection_state::id);
  if (at != connections_.end()) return *at;
  connection_state& made = connections_.emplace_back();
  made.id = id;
  return made;
}

void exchange_folder::give_whole(connection_state& on) {
  for (auto at = on.open.begin(); at != on.open.end();) {
    if (!is_whole(*at)) {
      ++at;
      continue;
    }
    exchange whole = std::move(*at);
    at = on.open.erase(at);
    give_(std::move(whole));
  }
}

void exchange_folder::give_all(connection_state& on, bool closed, std::optional<time_point> now) {
  for (exchange& x : std::exchange(on.open, {})) {
    if (!is_whole(x)) x.given_up = now;
    give_(std::move(x));
  }
  if (!std::exchange(on.has_prototype, false)) return;
  // What is told of a connection behind its last exchange is none of its own.
  if (on.exchanges > 0) return static_cast<void>(on.prototype = {});
  // No request came so far: looked up and connected, or tried to, for nothing.
  exchange& lost = on.prototype;
  // Nor was there a need to connect: another connection serves it as well.
  if (lost.attempts.empty() && !lost.tunnel && lost.error.empty() && closed) return static_cast<void>(lost = {});
  lost.connection = on.id;
  lost.peer = on.peer;
  lost.given_up = now;
  give_(std::exchange(lost, {}));
}

// The CONNECT that opened the tunnel is a part of the first exchange within it.
void exchange_folder::take_tunnel(std::uint64_t into, const connect_step& step) {
  const auto proxy = std::ranges::find(connections_, step.through, &connection_state::id);
  if (proxy == connections_.end()) return;
  std::optional<exchange> opened = proxy->take(step.through_stream);
  if (opened) find_connection(into).prototype.tunnel = std::make_shared<const exchange>(std::move(*opened));
}

void exchange_folder::add(const recorded& one) {
  if (const auto* step = std::get_if<connect_step>(&one.what); step != nullptr && step->through != 0)
    take_tunnel(one.connection, *step);
  connection_state& on = find_connection(one.connection);
  std::visit([&](const auto& step) { on(one, step); }, one.what);
  give_whole(on);
  if (std::holds_alternative<close_step>(one.what)) {
    give_all(on, true, one.time);
    std::erase_if(connections_, [&](const connection_state& c) { return c.id == one.connection; });
  }
}

void exchange_folder::flush(std::optional<time_point> now) {
  for (connection_state& on : std::exchange(connections_, {})) give_all(on, false, now);
}

time_point exchange::started() const {
  time_point earliest = time_point::max();
  const auto look = [&](const std::optional<time_point>& t) {
    if (t) earliest = std::min(earliest, *t);
  };
  if (tunnel) earliest = tunnel->started();
  look(resolve_started);
  for (const attempt& a : attempts) look(a.started);
  look(request.first_byte);
  look(response.first_byte);
  return earliest == time_point::max() ? time_point{} : earliest;
}

time_point exchange::finished() const {
  time_point latest = started();
  const auto look = [&](const std::optional<time_point>& t) {
    if (t) latest = std::max(latest, *t);
  };
  if (tunnel) look(tunnel->response.first_byte);
  look(resolve_done);
  for (const attempt& a : attempts) look(a.done);
  if (tls) look(tls->done);
  look(request.last_byte);
  look(response.first_byte);
  look(response.last_byte);
  look(given_up);
  return latest;
}

std::string last_doing(const exchange& x) {
  if (x.resolve_started && !x.resolve_done) return "looking up " + x.host;
  if (!x.attempts.empty() && !x.attempts.back().done) return "connecting to " + x.attempts.back().address;
  if (x.tls && !x.tls->done) return "shaking hands (TLS)";
  if (!x.request.begun) return "connecting";
  if (x.response.begun) return "receiving the response, " + std::to_string(x.response.content) + " bytes of content so far";
  if (!is_written(x)) return "sending the request, " + std::to_string(x.request.content) + " bytes of content so far";
  return "waiting for the response";
}

std::vector<exchange> fold(std::span<const recorded> records) {
  std::vector<exchange> all;
  exchange_folder folder([&](exchange&& x) { all.push_back(std::move(x)); });
  for (const recorded& one : records) folder.add(one);
  folder.flush();
  return all;
}

}  // namespace parley::trace
