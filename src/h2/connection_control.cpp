#include <utility>

#include "h2/connection.hpp"
#include "h2/violations.hpp"

// Giving up, and closing.

namespace parley::h2 {

void connection::reset(stream_id id, time_point now) {
  now_ = now;
  stream* const s = id <= largest_stream_id ? streams_.find(static_cast<std::uint32_t>(id)) : nullptr;
  if (s == nullptr) return;
  if (s->lost) {  // the owner lets go of it
    s->lost = false;
    return settle(*s);
  }
  // The response is whole and on its way; what is left of the request is stopped behind it (RFC 9113 §8.1).
  if (s->handed_over && s->sending == send_phase::ended) return;
  s->told = false;
  // RFC 9113 §8.5: what was behind a tunnel is lost.
  const error_code ours = s->tunnel ? error_code::connect_error : error_code::internal_error;
  abandon(*s, is_server() ? ours : error_code::cancel);
  settle(*s);
}

// --- closing -----------------------------------------------------------------------------------------------------------------

void connection::close_gracefully(time_point now) {
  now_ = now;
  if (finished_ || closing_.ours != closing::step::none) return;
  closing_.asked = true;
  if (!is_server()) return finish_if_drained();
  // RFC 9113 §6.8: what the client sends before it hears of this is still served.
  closing_.ours = closing::step::warned;
  closing_.ping_until = now_ + limits_.linger_time;
  write_goaway(largest_stream_id, error_code::no_error, {});
  write_frame({.length = 8, .type = frame_type::ping, .flags = 0, .stream = 0}, {drain_ping, 8}, false);
}

void connection::say_last() {
  closing_.ours = closing::step::said;
  closing_.last = highest_peers_;
  write_goaway(closing_.last, error_code::no_error, {});
  for (const std::uint32_t id : streams_.ids()) {
    stream& s = *streams_.find(id);
    if (s.lingers) stop_request(s);
  }
  finish_if_drained();
}

bool connection::ended() const {
  if (!finished_ || !out_.empty() || !events_.empty()) return false;
  return !is_server() || eof_ || aborted_;
}

bool connection::idle() const { return streams_.empty() && block_.stream == 0 && !frame_begun_ && !reader_.within_frame(); }

}  // namespace parley::h2
