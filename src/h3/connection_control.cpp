#include <utility>

#include "h3/connection.hpp"
#include "h3/violations.hpp"

// Giving up, and closing.

namespace parley::h3 {

void connection::reset(stream_id id, time_point now) {
  now_ = now;
  stream* const s = streams_.find(id);
  if (s == nullptr || s->over) return;
  if (s->lost) {  // the owner lets go of it
    s->lost = false;
    return settle(*s);
  }
  // The response is whole and on its way; what is left of the request is stopped behind it (RFC 9114 §4.1).
  if (s->handed_over && s->sending == send_phase::ended) return;
  s->told = false;
  s->handed_over = true;
  // RFC 9114 §4.4: what was behind a tunnel is lost.
  const error_code ours = s->tunnel ? error_code::connect_error : error_code::internal_error;
  abandon(*s, is_server() ? ours : error_code::request_cancelled);
  settle(*s);
}

// --- closing -----------------------------------------------------------------------------------------------------------------

void connection::close_gracefully(time_point now) {
  now_ = now;
  if (finished_ || closing_.ours != closing::step::none) return;
  closing_.asked = true;
  if (!is_server()) {
    // RFC 9114 §5.2: no further pushes.
    closing_.ours = closing::step::said;
    closing_.refused = next_push_;
    if (started_ && live_ > 0) write_control_id(frame_type::goaway, next_push_);
    return finish_if_drained();
  }
  // RFC 9114 §5.2: what the client sends before it hears of this is still served.
  closing_.ours = closing::step::warned;
  closing_.warned_until = now_ + limits_.linger_time;
  write_control_id(frame_type::goaway, last_request_stream);
  closing_.warned_at = control_written_;
}

void connection::say_last() {
  closing_.ours = closing::step::said;
  closing_.refused = requests_end_;
  write_control_id(frame_type::goaway, closing_.refused);
  finish_if_drained();
}

}  // namespace parley::h3
