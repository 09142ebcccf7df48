#include "client/pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace parley::fetching {

// --- leases and slots --------------------------------------------------------------------------------------------------------

slot::slot(pool& of, origin_connections& at, bool races) : pool_(&of), at_(&at), races_(races) {
  at.racing = at.racing || races;
  ++at.open;
  ++of.open_;
  undecided_ = at.to.may_multiplex() && at.found != origin_connections::known::http1;
  if (undecided_) ++at.undecided;
}

slot::slot(slot&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), at_(other.at_), undecided_(std::exchange(other.undecided_, false)),
      races_(std::exchange(other.races_, false)) {}

slot& slot::operator=(slot&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  at_ = other.at_;
  undecided_ = std::exchange(other.undecided_, false);
  races_ = std::exchange(other.races_, false);
  return *this;
}

void slot::race_over() noexcept {
  if (std::exchange(races_, false)) at_->racing = false;
}

void slot::decide(bool later) noexcept {
  if (!std::exchange(undecided_, false)) return;
  --at_->undecided;
  if (!later) pool_->serve(*at_);
}

void slot::release() noexcept {
  pool* const of = std::exchange(pool_, nullptr);
  if (of == nullptr) return;
  if (std::exchange(undecided_, false)) --at_->undecided;
  race_over();
  of->slot_released(*at_);
}

lease::lease(pool& of, link& on) : pool_(&of), link_(&on), reserved_(true) {
  ++on.leases;
  ++on.reserved;
}

lease& lease::operator=(lease&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  link_ = other.link_;
  reserved_ = std::exchange(other.reserved_, false);
  return *this;
}

void lease::begun() noexcept {
  if (!std::exchange(reserved_, false)) return;
  --link_->reserved;
  // The peer may have made room while this one was still expected to need it.
  if (link_->multiplexes()) pool_->serve_sharers(*link_);
}

void lease::release() noexcept {
  if (pool* of = std::exchange(pool_, nullptr)) of->give_back(*link_, std::exchange(reserved_, false));
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

// Each tunnel of HTTP/1 takes a connection of its own for as long as it lasts; what goes through it is counted for its server.
std::size_t pool::most_connections(const origin& to) const {
  return to.relays == relaying::tunnels ? std::numeric_limits<std::size_t>::max() : settings_.connections;
}

bool pool::try_serve(turn_operation& who) {
  origin_connections& at = who.at_;
  const auto lend = [&](link& one) {
    take_from_idle(one);
    who.result_.connection = lease(*this, one);
  };
  if (at.open < most_connections(at.to) && wants_alternative(at)) {
    who.result_.place = slot(*this, at, true);
    return true;
  }
  bool full = false;
  if (link* shared = shared_for(who, full)) {
    lend(*shared);
    return true;
  }
  while (!who.wish_.fresh) {
    const auto last = std::find_if(at.idle.rbegin(), at.idle.rend(), [](const link* each) { return !each->multiplexes(); });
    if (last == at.idle.rend()) break;
    link& one = **last;
    if (one.room() > 0) {
      lend(one);
      return true;
    }
    take_from_idle(one);  // the peer has just closed it: it goes by itself
  }
  // One connection is enough for all; and while nobody knows, what the first turns out to be decides (it is what browsers do).
  if (full || at.undecided > 0) return false;
  if (at.open < most_connections(at.to)) {
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

void pool::fail_waiting(origin_connections& at, const std::exception_ptr& why) {
  while (!at.queue.empty()) {
    turn_operation& first = *at.queue.front();
    at.queue.pop_front();
    first.fail(why);
  }
}

// --- giving back, keeping, closing -------------------------------------------------------------------------------------------

void pool::give_back(link& back, bool reserved) {
  --back.leases;
  if (reserved) --back.reserved;
  if (back.closed) {
    if (back.leases == 0) remove_soon(back);
    return;
  }
  if (!back.multiplexes()) {
    back.place.decide();
  } else {
    serve_sharers(back);
  }
  // Else `on_idle` or `on_closed` follows once its last exchange is over.
  if (back.connection->can_send_request() && back.connection->idle()) keep(back);
}

void pool::keep(link& one) {
  if (one.leases > 0 || one.idle || one.closed || one.draining) return;
  if (retired_) return close(one, "the client is done");
  origin_connections& at = one.place.at();
  one.idle = one.used = true;
  one.idle_since = loop_.now();
  at.idle.push_back(&one);
  serve(at);
  while (at.idle.size() > settings_.idle_connections) close(*at.idle.front(), "enough idle connections");
  if (!at.idle.empty()) sweep_at(loop_.now() + settings_.idle_time);
}

void pool::take_from_idle(link& one) {
  if (std::exchange(one.idle, false)) std::erase(one.place.at().idle, &one);
}

void pool::close(link& one, std::string_view reason) {
  take_from_idle(one);
  end(one, reason);
}

// The last content of a request that was answered early may still have to leave.
void pool::end(link& one, std::string_view reason) {
  if (one.connection->idle() && one.connection->has_output()) return one.connection->close_gracefully();
  one.connection->abort(reason);
}

void pool::sweep_at(net::time_point due) {
  if (sweep_ && (!sweep_->armed() || due < sweep_due_)) sweep_->arm(sweep_due_ = due);
}

void pool::sweep() {
  const net::time_point now = loop_.now();
  std::optional<net::time_point> next = pushes_.expire(now);
  for (auto& [to, at] : origins_) {
    // The oldest come first.
    while (!at.idle.empty() && at.idle.front()->idle_since + settings_.idle_time <= now)
      close(*at.idle.front(), "idle for too long");
    if (at.idle.empty()) continue;
    const net::time_point due = at.idle.front()->idle_since + settings_.idle_time;
    if (!next || due < *next) next = due;
  }
  if (next) sweep_->arm(sweep_due_ = *next);
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
    if (last->place) return;
    --self->dialed_;
    self->tell_over();
  });
}

void pool::slot_released(origin_connections& at) {
  --at.open;
  --open_;
  serve(at);
  forget_unused(at);
  tell_over();
}

void pool::forget_unused(origin_connections& at) {
  if (at.open > 0 || !at.queue.empty() || !at.shared.empty()) return;
  const origin to = at.to;
  origins_.erase(to);
}

// --- what connections tell ---------------------------------------------------------------------------------------------------

namespace {
receiver& receiver_of(connection::exchange& x) { return static_cast<receiver&>(x); }
}  // namespace

connection::exchange& pool::on_request(connection::http_connection&, engine::request_event&&) {
  std::abort();  // an engine in the role of a client makes no such event
}

void pool::on_response(connection::exchange& x, engine::response_event&& response) {
  receiver_of(x).on_response(std::move(response));
}
void pool::on_received(connection::exchange& x) { receiver_of(x).on_received(); }
void pool::on_too_large(connection::exchange& x) { receiver_of(x).on_too_large(); }
void pool::on_reset(connection::exchange& x) { receiver_of(x).on_lost(); }

connection::exchange* pool::on_push(connection::http_connection& c, engine::push_event&& promise) {
  if (retired_) return nullptr;
  receiver* const taken = pushes_.take(of(c), std::move(promise));
  if (taken != nullptr) sweep_at(loop_.now() + push_store::keep_time);
  return taken;
}

void pool::on_idle(connection::http_connection& c) { keep(of(c)); }

void pool::on_draining(connection::http_connection& c) {
  link& one = of(c);
  one.draining = true;
  take_from_idle(one);
  unshare(one);
}

void pool::on_closed(connection::http_connection& c) {
  link& gone = of(c);
  take_from_idle(gone);
  gone.closed = true;
  unshare(gone);
  look_resumable();
  if (gone.leases == 0) remove_soon(gone);
}

}  // namespace parley::fetching
