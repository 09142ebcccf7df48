#include "base/random.hpp"
#include "client/dial_watch.hpp"
#include "client/pool.hpp"
#include "client/race.hpp"
#include "net/datagram.hpp"
#include "tls/quic_session.hpp"

#include <algorithm>
#include <utility>

// Connections over QUIC: how they begin, and how one becomes an origin's.

namespace parley::fetching {

namespace {

// As long as a race waits before it begins TCP.
constexpr std::chrono::milliseconds early_time = race::head_start;

/// A socket of its own that talks with that one address.
std::expected<std::unique_ptr<net::datagram_socket>, std::error_code> socket_to(net::loop& on, const net::ip_endpoint& peer) {
  net::datagram_options how;
  how.peer = peer;
  const net::endpoint any{peer.v6() ? "::" : "0.0.0.0", 0, false};
  return net::open_datagrams(on, net::ip_endpoint(any), how);
}

}  // namespace

dialed::dialed(pool& of, link& on) : pool_(&of), link_(&on) { ++on.leases; }

dialed& dialed::operator=(dialed&& other) noexcept {
  if (this == &other) return *this;
  give_up();
  pool_ = std::exchange(other.pool_, nullptr);
  link_ = other.link_;
  return *this;
}

void dialed::give_up() noexcept {
  if (pool* const of = std::exchange(pool_, nullptr)) of->give_up(*link_);
}

link& dialed::taken() {
  pool_ = nullptr;
  --link_->leases;
  return *link_;
}

std::expected<dialed, std::error_code> pool::dial(const origin& to, const net::endpoint& address, std::uint64_t id, bool early,
                                                  connection::http3_ready ready) {
  const net::ip_endpoint peer(address);
  if (peer.empty()) return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
  auto socket = socket_to(loop_, peer);
  if (!socket) return std::unexpected(socket.error());

  auto made = std::make_unique<link>();
  made->shows = std::make_unique<dial_watch>(&settings_.observer);
  connection::http3_client_setup setup;
  setup.credentials = settings_.tls->credentials(to.verify);
  setup.to = destination_of(to, {"h3"});
  setup.peer = peer;
  setup.push = settings_.push;
  setup.early = early;
  made->self = std::make_shared<link*>(made.get());
  auto shaken = [self = made->self, keep = weak_from_this(),
                 tell = std::move(ready)](const connection::http3_outcome& how) mutable {
    const auto in = keep.lock();
    if (in && *self != nullptr) in->on_handshake(**self);
    tell(how);
  };
  if (settings_.observer != nullptr) setup.observer = made->shows.get();
  connection::exchange_owner& owner = *this;
  made->connection =
      connection::make_http3_client(loop_, std::move(*socket), std::move(setup), owner, settings_.caps, id, std::move(shaken));
  if (!made->connection) return std::unexpected(std::make_error_code(std::errc::protocol_not_supported));
  made->connection->owner_index = links_.size();
  links_.push_back(std::move(made));
  ++dialed_;
  link& one = *links_.back();
  dialed held(*this, one);
  one.connection->start();
  return held;
}

void pool::give_up(link& one) {
  if (!one.connection->closed()) one.connection->abort("given up");
  // Else it goes once the connection has said that it is closed.
  if (--one.leases == 0 && one.closed) remove_soon(one);
}

// Now it carries all requests; or it has failed, and those that it had are lost, to be sent again.
void pool::on_handshake(link& one) {
  if (std::exchange(one.early, nullptr) != nullptr) serve_sharers(one);
}

lease pool::adopt(slot place, dialed made, std::string alternative) {
  place.race_over();
  link& one = made.taken();
  one.alternative = std::move(alternative);
  --dialed_;
  one.shows->taken();
  one.place = std::move(place);
  if (!one.connection->handshake_done()) {
    // RFC 9001 §4.6: nobody has answered yet. Where nobody does, what was sent goes again by another way.
    one.early = std::make_unique<net::timer>(loop_, [&one] { one.connection->abort("nobody answers early data"); });
    one.early->arm(loop_.now() + early_time);
  }
  lease first(*this, one);
  if (!one.draining && !one.closed) share(one, one.place.at());
  // Who waits sends behind the one that the connection was made for: see `lease::begun`.
  one.place.decide(true);
  return first;
}

std::string pool::ticket_address(const origin& to) {
  return tls::ticket_address(*settings_.tls->credentials(to.verify), destination_of(to, {"h3"}));
}

bool pool::resumable() const {
  return std::ranges::all_of(links_, [](const auto& each) {
    const connection::http_connection& c = *each->connection;
    return each->closed || c.closed() || c.version() != parley::version::http3 || c.resumable();
  });
}

void pool::look_resumable() {
  if (ticket_waiters_.empty() || !resumable()) return;
  for (until_resumable* each : std::exchange(ticket_waiters_, {})) each->tell();
}

bool pool::tries_quic(const origin& to) const {
  if (!to.secure || !to.straight()) return false;
  return to.only_http3() || to.choice == speaks::http3_first;
}

}  // namespace parley::fetching
