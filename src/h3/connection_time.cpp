#include <algorithm>
#include <utility>

#include "h3/connection.hpp"
#include "h3/violations.hpp"

// What the clock says.

namespace parley::h3 {

namespace {

// How long a connection idles until its tables, unless they are small, are given back as far as they can be: longer than between the requests
// of a client at work.
constexpr std::chrono::seconds tables_kept_idle(5);
constexpr std::size_t tables_worth_it = 2 * 1024;

}  // namespace

void connection::start_head_clock(stream& s, std::chrono::milliseconds time) {
  s.head_clock_runs = true;
  s.head_until = now_ + time;
  watch_from(s.head_until);
}

// Content is due from the peer.
void connection::start_receive_clock(stream& s) {
  s.receive_clock_runs = true;
  s.receive_clock.start(now_, limits_.stall_time);
  watch_from(s.receive_clock.until());
}

// Content waits for its stream's window: from the first time on that it has to.
void connection::watch_sending(stream& s) {
  if (s.send_clock_runs || !s.window_shut || s.out != way::open || s.output.unsent() == 0) return;
  s.send_clock_runs = true;
  s.send_clock.start(now_, limits_.stall_time);
  watch_from(s.send_clock.until());
}

// The transport has something to send, or to have acknowledged.
void connection::start_output_clock() {
  if (std::exchange(output_clock_runs_, true)) return;
  output_clock_.start(now_, limits_.stall_time);
}

void connection::output_progress(std::uint64_t n) {
  n += std::exchange(acknowledged_new_, 0);
  if (!output_clock_runs_) return;
  output_clock_.progress(n, now_, least_rate(limits_.send_rate), limits_.stall_time);
  if (held_ == 0 && turns_.empty()) output_clock_runs_ = false;
}

std::optional<connection::time_point> connection::deadline() const {
  if (finished_) return std::nullopt;
  time_point first = std::min(settings_until_, sweep_at_);
  if (output_clock_runs_) first = std::min(first, output_clock_.until());
  if (closing_.ours == closing::step::warned) first = std::min(first, closing_.warned_until);
  if (live_ == 0 && started_) first = std::min(first, idle_since_ + limits_.idle_time);
  if (rests_later()) first = std::min(first, idle_since_ + tables_kept_idle);
  if (first == never) return std::nullopt;
  return first;
}

void connection::expired(time_point now) {
  now_ = now;
  release_used();
  if (finished_) return;
  static_cast<void>(rest_long(now));
  if (now >= settings_until_) return fail(violation::settings_not_received);
  if (output_clock_runs_ && now >= output_clock_.until()) {
    output_progress(0);  // what was acknowledged meanwhile counts from now on
    if (output_clock_runs_ && now >= output_clock_.until()) output_stalled();
  }
  if (closing_.ours == closing::step::warned && now >= closing_.warned_until && !finished_) say_last();
  if (now >= sweep_at_ && !finished_) sweep();
  if (finished_ || live_ > 0 || !started_ || now < idle_since_ + limits_.idle_time) return;
  finish(error_code::no_error, "idle");  // RFC 9114 §5.1
}

// Whose time is over? The first that will be next is found on the way.
void connection::sweep() {
  sweep_at_ = never;
  sweep_pushes();
  for (const stream_id id : streams_.ids()) {
    stream* const s = streams_.find(id);
    if (s == nullptr || finished_ || s->over) continue;
    if (s->head_clock_runs && now_ >= s->head_until) {
      fail_stream(*s, s->blocked() ? violation::blocked_too_long : violation::head_timeout);
      continue;
    }
    if (s->head_clock_runs) watch_from(s->head_until);
    if (s->receive_clock_runs && receives_slowly(*s)) {
      const bool nothing = s->receive_clock.stalled(now_, limits_.stall_time);
      fail_stream(*s, nothing ? violation::content_timeout : violation::content_too_slow);
    } else if (s->send_clock_runs && sends_slowly(*s)) {
      fail_stream(*s, violation::window_timeout);
    }
  }
}

// Push streams whose promises have not come.
void connection::sweep_pushes() {
  for (peer_stream& u : uni_) {
    if (!u.waits || finished_) continue;
    if (now_ < u.until) {
      watch_from(u.until);
      continue;
    }
    watch_(now_, 0, engine::observed_error{violation::push_without_promise});
    if (!resets_.spend(now_)) return fail(violation::too_many_resets);
    u.waits = false;
    credit(u.id, u.bytes.size());
    u.bytes.reset();
    pushes_.set_cancelled(u.exchange - first_push);
    if (!u.closed) ignore_stream(u, error_code::request_cancelled);
  }
  std::erase_if(uni_, [](const peer_stream& u) { return u.closed && !u.waits; });
}

// Whether the peer's window may be shut, because nobody reads.
bool connection::reading_shut(const stream& s) const {
  return s.unread * 2 >= limits_.receive_window || unread_ * 2 >= limits_.connection_receive_window;
}

bool connection::receives_slowly(stream& s) {
  // It cannot send while nobody reads.
  if (reading_shut(s)) s.receive_clock.start(now_, limits_.stall_time);
  if (now_ >= s.receive_clock.until()) return true;
  watch_from(s.receive_clock.until());
  return false;
}

bool connection::sends_slowly(stream& s) {
  // It has room: what waits, waits for its turn.
  if (!s.window_shut) s.send_clock.start(now_, limits_.stall_time);
  if (now_ >= s.send_clock.until()) return true;
  watch_from(s.send_clock.until());
  return false;
}

// A peer that takes nothing holds our memory.
void connection::output_stalled() {
  if (held_ > 0) {
    const bool nothing = output_clock_.stalled(now_, limits_.stall_time);
    return fail(nothing ? violation::send_timeout : violation::send_too_slow);
  }
  // It has taken all that its window for the connection let us send, and gives no more.
  output_clock_runs_ = false;
  for (const stream_id id : streams_.ids()) {
    stream* const s = streams_.find(id);
    if (s != nullptr && s->place.queued() && !finished_) fail_stream(*s, violation::window_timeout);
  }
}

void connection::rest() {
  events_.rest();
  if (actions_.empty()) std::vector<engine::any_transport_action>().swap(actions_);
  release_used();
  if (!idle()) return;
  streams_.rest();
  if (control_partial_.empty()) control_partial_.release();
}

bool connection::rests_later() const {
  return !rested_ && started_ && live_ == 0 && decoder_.memory() + encoder_.memory() > tables_worth_it;
}

// A peer may fill both tables and stay. Ours can be dropped with a word about it on our encoder stream, unless it is still needed; the
// peer's is kept, in no more room than it takes.
bool connection::rest_long(time_point now) {
  if (finished_ || !rests_later() || now < idle_since_ + tables_kept_idle) return false;
  now_ = now;
  rested_ = true;
  again_.reset();
  static_cast<void>(encoder_.forget());
  decoder_.fit();
  const auto next = deadline();
  return !next || *next > now;
}

}  // namespace parley::h3
