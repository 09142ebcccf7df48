#include <algorithm>
#include <utility>

#include "base/spares.hpp"
#include "h2/connection.hpp"
#include "h2/violations.hpp"

// What the clock says.

namespace parley::h2 {

namespace {

// How long a connection idles until its tables, unless they are small, are given back as far as they can be: longer than between the requests
// of a client at work.
constexpr std::chrono::seconds tables_kept(5);
constexpr std::size_t small_tables = 2 * 1024;

}  // namespace

// Content is due from the peer.
void connection::start_receive_clock(stream& s) {
  s.receive_clock_runs = true;
  s.receive_clock.start(now_, limits_.stall_time);
  watch_from(s.receive_clock.until());
}

// Content waits for its stream's window: from the first time on that it has to.
void connection::watch_sending(stream& s) {
  if (s.send_clock_runs || s.send.left() > 0) return;
  s.send_clock_runs = true;
  s.send_clock.start(now_, limits_.stall_time);
  watch_from(s.send_clock.until());
}

std::optional<connection::time_point> connection::deadline() const {
  time_point first = never;
  const auto consider = [&first](time_point t) { first = std::min(first, t); };
  if (!out_.empty()) consider(output_clock_.until());
  if (!finished_) {
    if (settings_unacked_ > 0) consider(settings_until_);
    if (preface_due_ || frame_begun_) consider(frame_since_ + limits_.head_time);
    if (block_.stream != 0) consider(block_since_ + limits_.head_time);
    if (closing_.ours == closing::step::warned) consider(closing_.ping_until);
    if (streams_.empty()) {
      if (!preface_due_) consider(idle_until());
      if (rests_later()) consider(idle_since_ + tables_kept);
    } else {
      consider(sweep_at_);
    }
  }
  if (first == never) return std::nullopt;
  return first;
}

void connection::expired(time_point now) {
  now_ = now;
  if (!out_.empty() && now >= output_clock_.until()) return output_stalled();
  if (finished_) return;
  static_cast<void>(rest_long(now));
  if (settings_unacked_ > 0 && now >= settings_until_) return fail(violation::settings_not_acknowledged);
  if ((preface_due_ || frame_begun_) && now >= frame_since_ + limits_.head_time) return fail(violation::head_timeout);
  if (block_.stream != 0 && now >= block_since_ + limits_.head_time) return fail(violation::head_timeout);
  if (closing_.ours == closing::step::warned && now >= closing_.ping_until) say_last();
  if (now >= sweep_at_) sweep();
  if (finished_ || !streams_.empty() || preface_due_ || now < idle_until()) return;
  // RFC 9113 §9.1: an idle connection may be closed, with a GOAWAY.
  if (closing_.ours != closing::step::said) {
    closing_.ours = closing::step::said;
    write_goaway(highest_peers_, error_code::no_error, {});
  }
  aborted_ = true;
  finish();
}

// A client that has said GOAWAY is expected to close, but it may still ask (RFC 9113 §6.8).
connection::time_point connection::idle_until() const {
  return idle_since_ + (closing_.peer ? std::min(limits_.linger_time, limits_.idle_time) : limits_.idle_time);
}

// Whose time is over? The first that will be next is found on the way.
void connection::sweep() {
  sweep_at_ = never;
  if (window_clock_runs_ && send_.left() > 0) window_clock_.start(now_, limits_.stall_time);
  const bool no_window = window_clock_runs_ && now_ >= window_clock_.until();
  if (no_window) {
    window_clock_runs_ = false;
  } else if (window_clock_runs_) {
    watch_from(window_clock_.until());
  }
  for (const std::uint32_t id : streams_.ids()) {
    stream* const s = streams_.find(id);
    if (s == nullptr || finished_) continue;
    if (s->lingers) {
      if (now_ >= s->linger_until) {
        stop_request(*s);
      } else {
        watch_from(s->linger_until);
      }
      continue;
    }
    if (s->receive_clock_runs && receives_slowly(*s)) {
      const bool nothing = s->receive_clock.stalled(now_, limits_.stall_time);
      fail_stream(*s, nothing ? violation::content_timeout : violation::content_too_slow);
    } else if ((no_window && s->place.queued()) || (s->send_clock_runs && sends_slowly(*s))) {
      fail_stream(*s, violation::window_timeout);
    }
  }
}

bool connection::receives_slowly(stream& s) {
  // It cannot send while nobody reads.
  if (s.receive.left() <= 0 || receive_.left() <= 0) s.receive_clock.start(now_, limits_.stall_time);
  if (now_ >= s.receive_clock.until()) return true;
  watch_from(s.receive_clock.until());
  return false;
}

bool connection::sends_slowly(stream& s) {
  // It has room: what waits, waits for its turn.
  if (s.send.left() > 0) s.send_clock.start(now_, limits_.stall_time);
  if (now_ >= s.send_clock.until()) return true;
  watch_from(s.send_clock.until());
  return false;
}

// A peer that takes nothing holds our memory: nothing can be said to it any more.
void connection::output_stalled() {
  const bool nothing = output_clock_.stalled(now_, limits_.stall_time);
  const engine::protocol_error error = nothing ? violation::send_timeout : violation::send_too_slow;
  if (error_ == nullptr) error_ = std::make_unique<engine::protocol_error>(error);
  watch_(now_, 0, engine::observed_error{error});
  finished_ = aborted_ = true;
  lose_all(error);
  last_flags_ = nullptr;
  out_.clear();
}

void connection::rest() {
  events_.rest();
  if (!idle()) return;
  streams_.rest();
  if (block_.bytes.capacity() > 0) block_ = {};
}

bool connection::rests_later() const {
  return !rested_ && !preface_due_ && idle() && decoder_.table().memory() + encoder_.memory() > small_tables;
}

// A peer may fill both tables and stay. Ours can be dropped with a word about it in the next block; the peer's is kept, in no more room
// than it takes. How streams ended long ago is of no use to anybody.
bool connection::rest_long(time_point now) {
  if (!rests_later() || now < idle_since_ + tables_kept) return false;
  now_ = now;
  rested_ = true;
  encoder_.forget();
  decoder_.fit();
  closed_.forget();
  const auto next = deadline();
  return !next || *next > now;
}

}  // namespace parley::h2
