#include "server/worker.hpp"

#include "connection/make_engine.hpp"
#include "connection/message_access.hpp"
#include "connection/select.hpp"
#include "connection/tcp_connection.hpp"
#include "connection/tls_stream.hpp"
#include "net/drain_listener.hpp"
#include "net/listen.hpp"

#include <algorithm>
#include <utility>

// The worker's loop: listeners, connections, draining. What happens to a request is in worker_dispatch.cpp, to its answer in worker_answer.cpp.

namespace parley {

namespace {
thread_local std::size_t this_loop_index = 0;
// In a drain: how long a connection that never had a request may still send one. Browsers open some in advance.
constexpr std::chrono::milliseconds unused_time{500};
// In a drain: the most connections that are taken out of the queues as they are closed. A queue that others share may be filled as
// fast as it is emptied.
constexpr std::size_t most_last_accepts = 8192;
}  // namespace

std::size_t detail::current_loop_index() { return this_loop_index; }

namespace server_room {

worker::worker(server_core& core, std::size_t index, std::unique_ptr<net::loop> on)
    : core_(core), index_(index), counters_(core.counters_of(index)),
      connection_limit_(std::max<std::size_t>(1, core.connections_at_once() / core.loop_count())), loop_(std::move(on)),
      gate_(*loop_, *this, core.caps), drain_timer_(*loop_, [this] { abort_connections(); }),
      unused_timer_(*loop_, [this] { close_unused(); }), settle_timer_(*loop_, [this] { close_listeners_when_settled(); }),
      files_(*loop_, core.caps.file_cache / core.loop_count(), core.caps.file_cache_entries / core.loop_count()),
      coder_(core.compression, core.caps.file_cache / core.loop_count() / 2) {}

worker::~worker() = default;

void worker::run() {
  this_loop_index = index_;
  start_listening();
  loop_->run();
  this_loop_index = 0;
}

void worker::start_listening() {
  files_.make_current();
  coder_.make_current();
  ending_.make_current();
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    net::accept_handler* const in_cleartext = this;
    listeners_[i]->start(secure_[i] ? &door_ : in_cleartext);
  }
  start_http3();
}

// --- accepting ---------------------------------------------------------------------------------------------------------------

std::optional<address_counts::place> worker::place_for(const net::endpoint& peer, std::size_t of_them) {
  std::size_t most = core_.caps.connections_per_address;
  // A proxy speaks for everybody.
  if (most == 0 || core_.trusted.contains(peer.host)) return address_counts::place();
  if (of_them != 0) most = std::min(of_them, std::max<std::size_t>(most / 2, 1));
  const auto key = address_key_of(peer, core_.caps.count_loopback);
  if (!key) return address_counts::place();
  return core_.peers.take(*key, most);
}

bool worker::may_shake_hands(const net::endpoint& peer) {
  const std::size_t most = core_.caps.handshakes_per_address;
  if (most == 0 || core_.trusted.contains(peer.host)) return true;
  const auto key = address_key_of(peer, core_.caps.count_loopback);
  return !key || core_.handshakes.allow(*key, most, loop_->now());
}

// A reset costs nothing on our side, not even a TIME_WAIT, and means the same under TLS; an answer would have to be kept until its peer took
// it, and one that floods us takes none.
void worker::refuse(net::byte_stream& stream, std::string_view limit, message_kind kind, std::string_view why) {
  counters_.add(count::connections_refused);
  counters_.add_limit(limit);
  core_.message(kind, std::string("limit ").append(limit).append(": ").append(stream.peer().host).append(why));
  stream.abort();
}

void worker::on_accept(std::unique_ptr<net::byte_stream> stream) { accept(std::move(stream), false); }

void worker::accept(std::unique_ptr<net::byte_stream> stream, bool secure) {
  accept_failed_ = false;
  auto place = place_for(stream->peer());
  if (!place) {
    return refuse(*stream, "connections_per_address", message_kind::limit_connections_per_address,
                  " has " + std::to_string(core_.caps.connections_per_address) + " connections; more are reset");
  }
  if (secure && !may_shake_hands(stream->peer())) {
    return refuse(
        *stream, "handshakes_per_address", message_kind::limit_handshakes_per_address,
        " begins more than " + std::to_string(core_.caps.handshakes_per_address) + " TLS handshakes a second; more are reset");
  }
  const std::uint64_t id = core_.next_connection_id();
  see_connect(*stream, id);
  counters_.add(count::connections_accepted);
  if (secure) {
    gate_.enter(std::move(stream), core_.https.credentials(), id, core_.observer, std::move(*place));
  } else {
    serve(std::move(stream), id, nullptr, std::move(*place));
  }
  if (draining_) {
    if (last_accepts_ > 0 && --last_accepts_ == 0) pause_listeners();
  } else if (open() >= connection_limit_) {
    pause_accepting();
  }
}

void worker::see_connect(const net::byte_stream& stream, std::uint64_t id) {
  if (core_.observer == nullptr) return;
  const std::string peer = stream.peer().to_string();
  core_.observer->observe({loop_->now(), id, 0, engine::observed_connect{peer, true, {}}});
}

void worker::on_secured(std::unique_ptr<connection::tls_stream> stream, std::uint64_t id, address_counts::place place) {
  const connection::tls_stream* const tls = stream.get();
  serve(std::move(stream), id, tls, std::move(place));
  if (draining_ && !listening_) unused_timer_.arm(loop_->now() + unused_time);
}

void worker::on_refused_handshake(const tls::error& why) {
  if (why.code == tls::errc::handshake_time) counters_.add_limit("handshake_time");
  counters_.add(count::handshakes_failed);
  counters_.add(count::connections_closed);
  one_left();
}

void worker::serve(std::unique_ptr<net::byte_stream> stream, std::uint64_t id, const connection::tls_stream* tls,
                   address_counts::place place) {
  const bool by_alpn = tls != nullptr && !tls->cleartext() && tls->session().protocol() == "h2";
  auto engine = by_alpn ? connection::make_http2_engine(
                              engine::role::server, core_.caps,
                              {.any_scheme = core_.any_scheme, .secure = true, .seed = connection::engine_seed(id)}, loop_->now())
                        : connection::make_http1_engine(engine::role::server, core_.caps,
                                                        {.allow_http09 = core_.http09, .secure = tls != nullptr}, loop_->now());
  connection::exchange_owner& self = *this;
  auto c = std::make_unique<connection::tcp_connection>(*loop_, std::move(stream), std::move(engine), self, engine::role::server,
                                                        core_.caps, id, core_.observer);
  auto& made = *c;
  made.over(tls);
  made.owner_index = connections_.size();
  made.traffic = &counters_.traffic();
  if (!by_alpn) made.select(core_.http2 && tls == nullptr);
  connections_.push_back({std::move(c), std::move(place), nullptr, http3_port(made)});
  made.start();
}

void worker::one_left() {
  resume_accepting();
  check_drained();
}

void worker::pause_listeners() {
  for (auto& l : listeners_) l->pause();
}

void worker::pause_accepting() {
  if (std::exchange(paused_, true)) return;
  counters_.add_limit("connections");
  core_.message(message_kind::limit_connections, "limit connections: " + std::to_string(open()) + " are open; new ones wait");
  pause_listeners();
}

void worker::resume_accepting() {
  if (draining_ || open() >= connection_limit_) return;
  if (!paused_ && !accept_failed_) return;
  paused_ = accept_failed_ = false;
  for (auto& l : listeners_) l->resume();
}

void worker::on_accept_error(std::error_code error) {
  accept_failed_ = true;
  counters_.add(count::accept_errors);
  core_.message(message_kind::accept, "accept: " + error.message() + "; new connections wait until there is room again");
}

void worker::on_closed(connection::http_connection& c) {
  if (const std::error_code lost = c.transport_error(); lost.category() == tls::category()) {
    counters_.add(lost == tls::errc::truncated ? count::tls_truncated : count::tls_errors);
  }
  if (!c.handshake_done()) counters_.add(count::handshakes_failed);
  // Not from within the connection's own call.
  loop_->defer([this, &c] {
    const std::size_t at = c.owner_index;
    std::swap(connections_[at], connections_.back());
    connections_[at].connection->owner_index = at;
    connections_.pop_back();
    counters_.add(count::connections_closed);
    one_left();
  });
}

void worker::on_violation(connection::http_connection&, const engine::protocol_error& error) { counters_.add_violation(error); }
void worker::on_limit(connection::http_connection&, std::string_view name) { counters_.add_limit(name); }

// --- the end -----------------------------------------------------------------------------------------------------------------

void worker::drain() {
  loop_->post([this] { begin_drain(); });
}

void worker::begin_drain() {
  if (std::exchange(draining_, true)) return;
  // Who is connected already is answered, also above the limit on connections.
  drain_http3();
  for (auto& l : listeners_) {
    l->turn_away();
    l->resume();
  }
  for (auto& [c, place, pushed, port] : connections_) {
    // A connection that has not had a request yet gets its answer: its client may have sent one already.
    if (c->requests() > 0) c->close_gracefully();
  }
  // What would never end by itself does now, as a whole message.
  ending_.end();
  drain_timer_.arm(loop_->now() + core_.drain_time);
  close_listeners_when_settled();
}

void worker::close_listeners_when_settled() {
  for (auto& l : listeners_) {
    if (!l->settled()) return settle_timer_.arm(loop_->now() + net::listener_drain::ask_again);
  }
  close_listeners();
}

void worker::close_listeners() {
  if (!listening_) return;
  settle_timer_.cancel();
  last_accepts_ = most_last_accepts;
  for (auto& l : listeners_) l->close();  // accepts what already waits
  last_accepts_ = 0;
  listening_ = false;
  unused_timer_.arm(loop_->now() + unused_time);
  check_drained();
}

void worker::abort() {
  loop_->post([this] {
    begin_drain();
    abort_connections();
  });
}

// What closes is taken out of the list only later, in a turn of its own.
void worker::abort_connections() {
  close_listeners();
  clear_gate();
  for (auto& [c, place, pushed, port] : connections_) c->abort("the server stops");
  check_drained();
}

// Whatever handshakes are under way.
void worker::clear_gate() {
  for (std::size_t i = gate_.size(); i > 0; --i) counters_.add(count::connections_closed);
  gate_.clear();
}

// A client that has begun its handshake is served: it has `handshake_time`, as ever, and then the time of the unused.
void worker::close_unused() {
  for (std::size_t i = gate_.clear_silent(); i > 0; --i) counters_.add(count::connections_closed);
  for (auto& [c, place, pushed, port] : connections_) {
    if (c->idle()) c->close_gracefully();
  }
  check_drained();
}

void worker::check_drained() {
  if (!draining_ || listening_ || !connections_.empty() || gate_.size() > 0) return;
  drain_timer_.cancel();
  unused_timer_.cancel();
  loop_->stop();
}

}  // namespace server_room
}  // namespace parley
