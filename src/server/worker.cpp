#include "server/worker.hpp"

#include "connection/make_engine.hpp"
#include "connection/message_access.hpp"
#include "net/drain_listener.hpp"
#include "net/listen.hpp"

#include <algorithm>
#include <utility>

// The worker's loop: listeners, connections, draining. What happens to a request is in worker_dispatch.cpp.

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
    : core_(core), index_(index), loop_(std::move(on)), drain_timer_(*loop_, [this] { abort_connections(); }),
      unused_timer_(*loop_, [this] { close_unused(); }), settle_timer_(*loop_, [this] { close_listeners_when_settled(); }),
      files_(*loop_, core.caps.file_cache / core.loop_count(), core.caps.file_cache_entries / core.loop_count()) {}

worker::~worker() = default;

void worker::run() {
  this_loop_index = index_;
  start_listening();
  loop_->run();
  this_loop_index = 0;
}

void worker::start_listening() {
  files_.make_current();
  connection_limit_ = std::max<std::size_t>(1, core_.caps.connections / core_.loop_count());
  for (auto& l : listeners_) l->start(this);
}

// --- accepting ---------------------------------------------------------------------------------------------------------------

void worker::on_accept(std::unique_ptr<net::byte_stream> stream) {
  auto engine = connection::make_http1_engine(engine::role::server, core_.caps, {.allow_http09 = core_.http09}, loop_->now());
  connection::exchange_owner& self = *this;
  auto c = std::make_unique<connection::tcp_connection>(*loop_, std::move(stream), std::move(engine), self, engine::role::server,
                                                        core_.caps, core_.next_connection_id(), core_.observer);
  auto& made = *c;
  made.owner_index = connections_.size();
  connections_.push_back(std::move(c));
  if (draining_) {
    if (last_accepts_ > 0 && --last_accepts_ == 0) pause_listeners();
  } else if (connections_.size() >= connection_limit_ && !std::exchange(paused_, true)) {
    core_.message("limit connections: " + std::to_string(connections_.size()) + " are open; new ones wait");
    pause_listeners();
  }
  made.start();
}

void worker::pause_listeners() {
  for (auto& l : listeners_) l->pause();
}

void worker::on_accept_error(std::error_code error) { core_.message("accept: " + error.message() + "; trying again soon"); }

void worker::on_closed(connection::tcp_connection& c) {
  // Not from within the connection's own call.
  loop_->defer([this, &c] {
    const std::size_t at = c.owner_index;
    std::swap(connections_[at], connections_.back());
    connections_[at]->owner_index = at;
    connections_.pop_back();
    if (paused_ && !draining_ && connections_.size() < connection_limit_) {
      paused_ = false;
      for (auto& l : listeners_) l->resume();
    }
    check_drained();
  });
}

// --- the end -----------------------------------------------------------------------------------------------------------------

void worker::drain() {
  loop_->post([this] { begin_drain(); });
}

void worker::begin_drain() {
  if (std::exchange(draining_, true)) return;
  // Who is connected already is answered, also above the limit on connections.
  for (auto& l : listeners_) {
    l->turn_away();
    l->resume();
  }
  for (auto& c : connections_) {
    // A connection that has not had a request yet gets its answer: its client may have sent one already.
    if (c->requests() > 0) c->close_gracefully();
  }
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
  for (auto& c : connections_) c->abort("the server stops");
}

void worker::close_unused() {
  for (auto& c : connections_) {
    if (c->idle()) c->close_gracefully();
  }
}

void worker::check_drained() {
  if (!draining_ || listening_ || !connections_.empty()) return;
  drain_timer_.cancel();
  unused_timer_.cancel();
  loop_->stop();
}

}  // namespace server_room
}  // namespace parley
