#include "client/call.hpp"
#include "client/pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace parley::fetching {

// --- leases and slots --------------------------------------------------------------------------------------------------------

slot::slot(pool& of, origin_connections& at) : pool_(&of), at_(&at) {
  ++at.open;
  ++of.open_;
}

slot& slot::operator=(slot&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  at_ = other.at_;
  return *this;
}

void slot::release() noexcept {
  if (pool* of = std::exchange(pool_, nullptr)) of->slot_released(*at_);
}

lease& lease::operator=(lease&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  link_ = other.link_;
  return *this;
}

void lease::release() noexcept {
  if (pool* of = std::exchange(pool_, nullptr)) of->give_back(*link_);
}

// --- waiting for one ---------------------------------------------------------------------------------------------------------

turn_operation::~turn_operation() = default;

bool turn_operation::ready() noexcept { return at_.queue.empty() && pool_.try_serve(*this); }

void turn_operation::start() { at_.queue.push_back(this); }

void turn_operation::cancel() noexcept { std::erase(at_.queue, this); }

turn_operation::result turn_operation::await_resume() {
  finish();
  return std::move(result_);
}

bool pool::try_serve(turn_operation& who) {
  origin_connections& at = who.at_;
  while (!who.fresh_ && !at.idle.empty()) {
    link& last = *at.idle.back();
    take_from_idle(last);
    if (!last.connection->can_send_request()) continue;  // the peer has just closed it: it goes by itself
    last.leased = true;
    who.result_.connection = lease(*this, last);
    return true;
  }
  if (at.open < settings_.connections) {
    who.result_.place = slot(*this, at);
    return true;
  }
  // One that asks for a new connection gets the place of one that nobody uses.
  if (!at.idle.empty()) close(*at.idle.front(), "its place is needed");
  return false;
}

void pool::serve(origin_connections& at) {
  while (!at.queue.empty()) {
    turn_operation& first = *at.queue.front();
    if (!try_serve(first)) return;
    at.queue.pop_front();
    first.complete();
  }
}

// --- giving back, keeping, closing -------------------------------------------------------------------------------------------

void pool::give_back(link& back) {
  back.leased = false;
  if (back.closed) return remove_soon(back);
  // Else `on_idle` or `on_closed` follows once its last exchange is over.
  if (back.connection->can_send_request() && back.connection->idle()) keep(back);
}

void pool::keep(link& one) {
  if (one.leased || one.idle || one.closed) return;
  if (retired_) return close(one, "the client is done");
  origin_connections& at = one.place.at();
  one.idle = one.used = true;
  one.idle_since = loop_.now();
  at.idle.push_back(&one);
  serve(at);
  while (at.idle.size() > settings_.idle_connections) close(*at.idle.front(), "enough idle connections");
  if (!at.idle.empty() && !sweep_->armed()) sweep_->arm(loop_.now() + settings_.idle_time);
}

void pool::take_from_idle(link& one) {
  if (std::exchange(one.idle, false)) std::erase(one.place.at().idle, &one);
}

void pool::close(link& one, std::string_view reason) {
  take_from_idle(one);
  one.connection->abort(reason);
}

void pool::sweep() {
  const net::time_point now = loop_.now();
  std::optional<net::time_point> next;
  for (auto& [to, at] : origins_) {
    // The oldest come first.
    while (!at.idle.empty() && at.idle.front()->idle_since + settings_.idle_time <= now)
      close(*at.idle.front(), "idle for too long");
    if (at.idle.empty()) continue;
    const net::time_point due = at.idle.front()->idle_since + settings_.idle_time;
    if (!next || due < *next) next = due;
  }
  if (next) sweep_->arm(*next);
}

void pool::close_idle(std::string_view reason) {
  for (auto& [to, at] : origins_) {
    while (!at.idle.empty()) close(*at.idle.front(), reason);
  }
}

std::size_t pool::idle_count() const {
  std::size_t count = 0;
  for (const auto& [to, at] : origins_) count += at.idle.size();
  return count;
}

// A connection must not be destroyed from within its own calls, nor before what it has deferred.
void pool::remove_soon(link& gone) {
  loop_.defer([self = shared_from_this(), &gone] {
    const std::size_t index = gone.connection->owner_index;
    std::swap(self->links_[index], self->links_.back());
    self->links_[index]->connection->owner_index = index;
    const auto last = std::move(self->links_.back());
    self->links_.pop_back();
  });
}

void pool::slot_released(origin_connections& at) {
  --at.open;
  --open_;
  serve(at);
  if (at.open == 0 && at.queue.empty()) {
    const origin to = at.to;
    origins_.erase(to);
  }
  tell_over();
}

// --- what connections tell ---------------------------------------------------------------------------------------------------

namespace {
call& call_of(connection::exchange& x) { return static_cast<call&>(x); }
}  // namespace

connection::exchange& pool::on_request(connection::tcp_connection&, engine::request_event&&) {
  std::abort();  // an engine in the role of a client makes no such event
}

void pool::on_response(connection::exchange& x, engine::response_event&& response) { call_of(x).on_response(std::move(response)); }
void pool::on_received(connection::exchange& x) { call_of(x).on_received(); }
void pool::on_too_large(connection::exchange& x) { call_of(x).on_too_large(); }
void pool::on_reset(connection::exchange& x) { call_of(x).on_lost(); }

void pool::on_idle(connection::tcp_connection& c) { keep(of(c)); }

void pool::on_draining(connection::tcp_connection& c) { take_from_idle(of(c)); }

void pool::on_closed(connection::tcp_connection& c) {
  link& gone = of(c);
  take_from_idle(gone);
  gone.closed = true;
  if (!gone.leased) remove_soon(gone);
}

}  // namespace parley::fetching
