#include <algorithm>
#include <utility>

#include "h1/connection.hpp"
#include "h1/violations.hpp"

namespace parley::h1 {

using engine::role;

// --- giving up, closing --------------------------------------------------------------------------------------------------------

void connection::reset(stream_id id, time_point now) {
  now_ = now;
  if (find(id) == nullptr) return;
  // A message that the connection's end ends would look whole if the connection closed in order (RFC 9112 §6.3); and a server
  // must not take a cut request for one.
  const bool looks_whole = out_.id == id && sending_ != send_state::head && out_.content == sent_body::until_close;
  if (role_ == role::client || looks_whole) return abort();
  drop_exchanges();
  end_connection();
}

void connection::close_gracefully(time_point now) {
  now_ = now;
  closing_ = true;
  if (idle() && unconsumed_ == 0) end_connection();
}

// --- bytes out -----------------------------------------------------------------------------------------------------------------

void connection::written(std::size_t n, time_point now) {
  now_ = now;
  queue_.written(n);
  output_clock_.progress(n, now, least_rate(limits_.send_rate), limits_.stall_time);
  if (!out_.full || queue_.size() > limits_.send_window / 2) return;
  out_.full = false;
  if (sending_ == send_state::content || sending_ == send_state::tunnel) tell(engine::writable_event{out_.id});
}

// The system takes much at once, and then nothing for long: only it knows how the peer gets on meanwhile.
void connection::delivered(std::uint64_t n, time_point now) {
  output_clock_.progress(n, now, least_rate(limits_.send_rate), limits_.stall_time);
}

// --- time ----------------------------------------------------------------------------------------------------------------------

// What the peer is being waited for, and until when.
connection::watch connection::receive_watch() const {
  if (blocked()) return {};
  switch (receiving_) {
    case receive_state::start:
      if (role_ == role::server && last_id_ == 0) return {head_since_ + limits_.head_time, wait::head};
      return has_exchange() ? watch{} : watch{head_since_ + limits_.idle_time, wait::request};
    case receive_state::head: return {head_since_ + limits_.head_time, wait::head};
    case receive_state::content:
    case receive_state::until_close:
      // The peer waits for us, until it is told to go on.
      if (in_.expects_continue) return {};
      return {in_.discard ? std::min(discard_until_, content_clock_.until()) : content_clock_.until(), wait::content};
    default: return {};
  }
}

std::optional<connection::time_point> connection::deadline() const {
  const watch receive = receive_watch();
  if (queue_.empty()) return receive.what == wait::nothing ? std::nullopt : std::optional(receive.until);
  const time_point send = output_clock_.until();
  return receive.what == wait::nothing ? send : std::min(send, receive.until);
}

void connection::expired(time_point now) {
  now_ = now;
  if (!queue_.empty() && now >= output_clock_.until()) return output_stalled();
  const watch receive = receive_watch();
  if (receive.what == wait::nothing || now < receive.until) return;
  switch (receive.what) {
    case wait::head: return fail(violation::head_timeout);
    case wait::request:
      // RFC 9112 §9.5: an idle connection may be closed at any time, without a word.
      aborted_ = true;
      return end_connection();
    case wait::content:
      if (in_.discard && now >= discard_until_) return fail(violation::drain_timeout);
      // The application made room at some time since; the peer gets the whole time from now on.
      if (std::exchange(content_clock_late_, false)) return start_content_clock();
      return fail(content_clock_.stalled(now, limits_.stall_time) ? violation::content_timeout : violation::content_too_slow);
    case wait::nothing: return;
  }
}

// A peer that takes nothing holds our memory: nothing can be said to it any more.
void connection::output_stalled() {
  const bool nothing = output_clock_.stalled(now_, limits_.stall_time);
  error_ = std::make_unique<engine::protocol_error>(nothing ? violation::send_timeout : violation::send_too_slow);
  watch_(now_, has_exchange() ? current().id : 0, engine::observed_error{*error_});
  for (const exchange& x : open_exchanges()) tell(engine::reset_event{x.id, *error_});
  abort();
}

}  // namespace parley::h1
