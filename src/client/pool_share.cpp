#include "client/pool.hpp"
#include "connection/make_engine.hpp"
#include "connection/tcp_connection.hpp"

#include <algorithm>

// Connections that many requests share: HTTP/2's, and who may use whose.

namespace parley::fetching {

namespace {

// What is remembered of a server's refusals (421) is bounded; one that refuses more names shares with no other origin any more.
constexpr std::size_t most_misdirected = 32;

bool contains(const auto& all, const auto& one) { return std::ranges::find(all, one) != all.end(); }

// Its certificate was verified, so it may speak for other names too.
bool proves_names(const origin& to) { return to.secure && to.verify && to.straight(); }

}  // namespace

std::size_t link::room() const {
  if (draining || closed || !connection->can_send_request()) return 0;
  if (!multiplexes()) return leases == 0 ? 1 : 0;
  const std::size_t room = connection->request_room();
  return room > reserved ? room - reserved : 0;
}

void pool::share(link& one, origin_connections& with) {
  if (contains(one.of, &with)) return;
  // HTTP/3 first: the others end once they are idle.
  const auto older =
      std::ranges::find_if(with.shared, [&](const link* each) { return each->connection->version() < one.connection->version(); });
  with.shared.insert(older, &one);
  with.found = origin_connections::known::shared;
  one.of.push_back(&with);
}

void pool::unshare(link& one) {
  while (!one.of.empty()) {
    origin_connections& at = *one.of.back();
    one.of.pop_back();
    std::erase(at.shared, &one);
    serve(at);
    forget_unused(at);
  }
}

bool pool::may_carry(const link& one, const origin& to, const wish& what) const {
  const bool own = one.place.at().to == to;
  return one.id() > what.after && (one.early == nullptr || what.early) &&
         (own || (!what.own && to.takes(one.connection->version()) && !contains(one.misdirected, to.host)));
}

link* pool::shared_for(const turn_operation& who, bool& full) const {
  for (link* each : who.at_.shared) {
    if (!may_carry(*each, who.at_.to, who.wish_)) {
      full = full || (each->early != nullptr && !who.wish_.early);  // until its handshake is done
      continue;
    }
    if (each->room() > 0) return each;
    full = true;
  }
  return nullptr;
}

link* pool::shared_now(const origin& to) const {
  const auto at = origins_.find(to);
  if (at == origins_.end()) return nullptr;
  for (link* each : at->second.shared) {
    if (may_carry(*each, to, {}) && each->room() > 0) return each;
  }
  return nullptr;
}

// RFC 9113 §9.1.1, RFC 9114 §3.3: the server's address is this origin's too, and its certificate is for this name.
link* pool::coalescible(const origin& to, const std::vector<net::endpoint>& addresses, const wish& what) const {
  if (what.own || !proves_names(to) || !to.may_multiplex()) return nullptr;
  for (const auto& each : links_) {
    link& one = *each;
    if (!one.place || one.draining || one.closed || one.connection->tls() == nullptr || !one.multiplexes()) continue;
    if (!proves_names(one.place.at().to) || one.misdirected.size() >= most_misdirected || !may_carry(one, to, what)) continue;
    const net::endpoint& server = one.connection->peer();
    const bool same_server =
        server.port == to.port && std::ranges::find(addresses, server.host, &net::endpoint::host) != addresses.end();
    if (same_server && one.connection->shown_to_be(to.host)) return &one;
  }
  return nullptr;
}

void pool::serve_sharers(link& one) {
  // The origins take turns in being the first.
  if (one.of.size() > 1) std::ranges::rotate(one.of, one.of.begin() + 1);
  const auto all = one.of;
  for (origin_connections* at : all) {
    if (contains(one.of, at)) serve(*at);
  }
}

bool pool::misdirected(const lease& on, const origin& to) {
  link& one = on.on();
  if (one.place.at().to == to) return false;
  if (!contains(one.misdirected, to.host)) one.misdirected.push_back(to.host);
  return true;
}

// --- Upgrade: h2c -------------------------------------------------------------------------------------------------------------

bool pool::offers_upgrade(const lease& on, const plan& what) {
  link& one = on.on();
  if (one.place.at().to.choice != speaks::upgrade || one.multiplexes()) return false;
  const bool offered = one.place.undecided() && what.length.what == engine::content_length::kind::none &&
                       !what.head.fields.contains("Upgrade") && !what.head.fields.contains("Connection");
  if (!offered) one.place.decide();
  return offered;
}

void pool::on_answer(const lease& on) {
  link& one = on.on();
  ++one.answers;
  if (one.multiplexes() || !one.place.undecided()) return;
  one.place.at().found = origin_connections::known::http1;
  one.place.decide();
}

void pool::on_detached(connection::exchange& x) {
  link& one = of(x.connection());
  // Only what was offered can have been taken; what else a server switches to is told to the fetch, which refuses it.
  if (!one.place.undecided()) return;
  auto engine = connection::make_upgraded_http2_engine(engine::role::client, settings_.caps, http2_options_for(one.place.at().to),
                                                       static_cast<receiver&>(x).asked().which(), {}, loop_.now());
  if (!engine) return one.connection->abort(engine.error().message);
  static_cast<connection::tcp_connection&>(*one.connection).upgraded(std::move(*engine));  // only HTTP/1 upgrades
  share(one, one.place.at());
  one.place.decide(true);
  serve_sharers(one);
}

}  // namespace parley::fetching
