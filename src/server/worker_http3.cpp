#include "connection/http3.hpp"
#include "server/http3_keys.hpp"
#include "server/worker.hpp"

#include <algorithm>
#include <utility>

// HTTP/3 on a worker's loop: a UDP socket beside each https listener, and what comes for other loops.

namespace parley::server_room {

/// One UDP socket: at first only open, since its port belongs to the address; a listener once the worker begins.
class worker::http3_door final : private connection::http3_owner {
 public:
  http3_door(worker& to, std::size_t index, std::unique_ptr<net::datagram_socket> socket)
      : to_(to), index_(index), port_(socket->local().port()), socket_(std::move(socket)) {}

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void start() {
    connection::http3_listener_setup setup;
    setup.keys = to_.core_.http3_keys_for(port_);
    setup.credentials = to_.core_.https.credentials();
    setup.loop = static_cast<unsigned>(to_.index_);
    setup.loops = static_cast<unsigned>(to_.core_.loop_count());
    setup.any_scheme = to_.core_.any_scheme;
    setup.bbr = to_.core_.http3_bbr;
    setup.tokens = &to_.core_.tokens;
    setup.observer = to_.core_.observer;
    setup.traffic = &to_.counters_.traffic();
    connection::exchange_owner& dispatch = to_;
    listener_ = connection::make_http3_listener(*to_.loop_, std::move(socket_), std::move(setup), *this, dispatch, to_.core_.caps,
                                                [this] { return to_.core_.next_connection_id(); });
    // Without it the system spreads the datagrams by addresses, and those that come to the wrong loop are handed over.
    if (to_.index_ == 0 && to_.core_.loop_count() > 1) (void)listener_->steer();
    listener_->start();
  }
  void take(const datagram_mailbox::letter& one) {
    if (listener_) listener_->take({one.local, one.remote, one.ecn, one.bytes.size(), one.bytes});
  }
  void drain() {
    if (listener_) listener_->drain();
  }

 private:
  entry may_enter(const net::endpoint& from, bool proven) override {
    listener_->credentials(to_.core_.https.credentials());
    return to_.place_for_http3(from, proven, entering_);
  }
  void on_nobody() override { entering_.reset(); }
  void on_connection(std::unique_ptr<connection::http_connection> made) override {
    to_.serve_http3(std::move(made), std::move(*entering_));
    entering_.reset();
  }
  void hand_over(unsigned loop, const net::datagram_run& datagram) override { to_.hand_over(loop, index_, datagram); }
  void on_counts(const connection::http3_counts& more) override { to_.counters_.add(more); }

  worker& to_;
  const std::size_t index_;
  const std::uint16_t port_;
  std::unique_ptr<net::datagram_socket> socket_;
  std::unique_ptr<connection::http3_listener> listener_;
  std::optional<address_counts::place> entering_;
};

void worker::http3_door_deleter::operator()(http3_door* gone) const { delete gone; }

std::error_code worker::open_datagrams(const net::endpoint& at, bool first) {
  net::datagram_options how;
  how.share = true;
  how.alone = first;
  auto made = net::open_datagrams(*loop_, net::ip_endpoint(at), how);
  if (!made) return made.error();
  http3_.emplace_back(new http3_door(*this, http3_.size(), std::move(*made)));
  return {};
}

void worker::forget_last_listener() {
  listeners_.pop_back();
  secure_.pop_back();
}

void worker::start_http3() {
  if (!core_.http3) http3_.clear();
  for (auto& door : http3_) door->start();
}

void worker::drain_http3() {
  for (auto& door : http3_) door->drain();
}

connection::http3_owner::entry worker::place_for_http3(const net::endpoint& peer, bool proven,
                                                       std::optional<address_counts::place>& place) {
  using entry = connection::http3_owner::entry;
  // RFC 9000 §5.2.2: a server that takes no more says so.
  if (draining_ || open() >= connection_limit_) {
    if (!draining_) counters_.add_limit("connections");
    counters_.add(count::connections_refused);
    return entry::no;
  }
  // Anybody can write an address into a datagram: what is not proven takes a few of the address's places, and nothing of its rate over TCP.
  if (!proven) {
    const auto key = address_key_of(peer, core_.caps.count_loopback);
    const std::size_t rate = core_.caps.handshakes_per_address;
    if (key && rate != 0 && !core_.unproven.allow(*key, rate, loop_->now())) return entry::prove;
    place = place_for(peer, most_unproven);
    return place ? entry::yes : entry::prove;
  }
  place = place_for(peer);
  if (place && may_shake_hands(peer)) return entry::yes;
  counters_.add(count::connections_refused);
  counters_.add_limit(place ? "handshakes_per_address" : "connections_per_address");
  place.reset();
  return entry::no;
}

void worker::serve_http3(std::unique_ptr<connection::http_connection> made, address_counts::place place) {
  counters_.add(count::connections_accepted);
  if (core_.observer != nullptr) {
    core_.observer->observe({loop_->now(), made->id(), 0, engine::observed_connect{made->peer_name(), true, {}, true}});
  }
  auto& c = *made;
  c.owner_index = connections_.size();
  connections_.push_back({std::move(made), std::move(place), nullptr, 0});
  c.start();
  if (!draining_ && open() >= connection_limit_) pause_accepting();
}

// --- datagrams for other loops -------------------------------------------------------------------------------------------------

void worker::hand_over(unsigned loop, std::size_t door, const net::datagram_run& datagram) {
  worker* const other = core_.worker_at(loop);
  if (other == nullptr || other == this) return;
  counters_.add(count::datagrams_handed_over);
  if (!other->deliver(door, datagram)) counters_.add(count::datagrams_dropped);
}

bool worker::deliver(std::size_t door, const net::datagram_run& datagram) {
  const auto how = mailbox_.put(door, datagram);
  if (how == datagram_mailbox::answer::first) {
    loop_->post([this] {
      for (const datagram_mailbox::letter& one : mailbox_.take()) {
        if (one.door < http3_.size()) http3_[one.door]->take(one);
      }
    });
  }
  return how != datagram_mailbox::answer::full;
}

std::uint16_t worker::http3_port(const connection::http_connection& of) const {
  if (http3_.empty() || of.tls() == nullptr) return 0;
  const std::uint16_t port = of.local().port;
  const auto same = std::ranges::find_if(http3_, [port](const auto& door) { return door->port() == port; });
  return same == http3_.end() ? 0 : port;
}

}  // namespace parley::server_room
