#include "connection/tcp_connection.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

// What the clock says: the engine's deadlines, half-closed peers, the last word, and what the system still delivers.

namespace parley::connection {

void tcp_connection::watch_time() {
  auto when = engine_->deadline();
  if (delivery_until_) {
    if (engine_->idle()) {
      when = *delivery_until_;
    } else {
      delivery_until_.reset();  // another request has come
      delivery_watched_ = false;
    }
  }
  for (const auto& other : {half_closed_until_, linger_until_}) {
    if (other && (!when || *other < *when)) when = *other;
  }
  if (when) {
    timer_.arm(*when);
  } else {
    timer_.cancel();
  }
}

void tcp_connection::on_time() {
  const auto now = loop_.now();
  if (linger_until_ && *linger_until_ <= now) return on_linger_time();
  if (half_closed_until_ && *half_closed_until_ <= now) {
    half_closed_until_.reset();
    // Of a tunnel that is read the handler learns that its peer has ended, and says itself how long it goes on (RFC 9110 §9.3.6).
    bool tunnel = false;
    exchanges_.for_each([&](const exchange& x) { tunnel = tunnel || x.read_as_stream(); });
    if (!exchanges_.empty() && !tunnel) {
      owner_.on_limit(*this, "half_close_time");
      return close_stream("the peer has left (limits::half_close_time)");
    }
  }
  const auto due = delivery_until_ ? std::optional(*delivery_until_) : engine_->deadline();
  if (due && *due <= now) {
    if (!delivery_until_ && engine_->rest_long(now)) {
      // nothing else was due
    } else if (wire().has_output()) {
      // Only now, since it costs a call: `written` alone would be unfair to a peer for which the system holds much.
      wire().delivered(newly_delivered().value_or(UINT64_MAX), now);
      engine_->expired(now);
    } else if (!engine_->idle()) {
      engine_->expired(now);
    } else if (!wait_for_delivery(delivery_until_)) {
      if (closed_) return;
      engine_->expired(now);
      if (engine_->ended() && !engine_->error()) owner_.on_limit(*this, "idle_time");
    }
  }
  turn();
}

// --- what the system holds -----------------------------------------------------------------------------------------------------
//
// The system takes megabytes for a peer that reads slowly or not at all, and would go on delivering them long after we closed. So a
// connection whose work is done stays ours until all is delivered, as long as that goes on at limits::send_rate.

// How much less it holds than when it was asked last; nothing known before: then the peer has the benefit of the doubt.
std::optional<std::uint64_t> tcp_connection::newly_delivered() {
  const std::uint64_t now = stream_->unsent();
  const auto before = std::exchange(unsent_, now);
  if (before == never_asked) return std::nullopt;
  return before > now ? before - now : 0;
}

tcp_connection::delivery tcp_connection::look_at_delivery() {
  if (stream_->unsent() == 0) return delivery::done;
  const auto n = newly_delivered();
  if (!std::exchange(delivery_watched_, true) || !n) return delivery::goes_on;
  const auto rate = is_client_ ? 0 : static_cast<std::uint64_t>(limits_.send_rate);
  const auto least = rate * static_cast<std::uint64_t>(limits_.stall_time.count()) / 1000;
  return *n >= std::max<std::uint64_t>(least, 1) ? delivery::goes_on : delivery::too_slow;
}

// Whether to wait on, and then `until` is later. A peer that is too slow is cut off.
bool tcp_connection::wait_for_delivery(net::maybe_time& until) {
  switch (look_at_delivery()) {
    case delivery::done: until.reset(); return false;
    case delivery::goes_on: until = loop_.now() + limits_.stall_time; return true;
    case delivery::too_slow: break;
  }
  const engine::protocol_error slow{.status = 0,
                                    .name = "send-too-slow",
                                    .message = "The peer takes what is sent more slowly than this server accepts.",
                                    .section = "RFC 9112 §9.5",
                                    .limit = "send_rate"};
  see(engine::observed_error{slow});
  if (!std::exchange(violation_told_, true)) owner_.on_violation(*this, slow);
  cut_off_ = true;
  close_stream("the peer takes too little (limits::send_rate)");
  return false;
}

// RFC 9112 §9.6: our last word is said, and the peer has not closed.
void tcp_connection::on_linger_time() {
  if (wait_for_delivery(linger_until_)) return watch_time();
  if (closed_) return;
  owner_.on_limit(*this, "linger_time");
  close_stream("the peer did not close in time (limits::linger_time)");
}

}  // namespace parley::connection
