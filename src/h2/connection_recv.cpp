#include <algorithm>

#include "h2/connection.hpp"
#include "h2/violations.hpp"

// Bytes in, and DATA.

namespace parley::h2 {

std::size_t connection::receive(std::string_view bytes, time_point now) {
  now_ = now;
  std::size_t used = 0;
  if (preface_due_ && !finished_) used = receive_preface(bytes);
  if (!preface_due_) {
    while (!finished_) {
      // Not within a frame: what ends one may have no byte of its own.
      if (!reader_.within_frame() && full_of_events()) break;
      const auto r = reader_.read(bytes.substr(used), largest_frame(), block_.stream);
      used += r.consumed;
      if (!receive_step(r)) break;
    }
  }
  if (finished_) used = bytes.size();
  unconsumed_ = bytes.size() - used;
  const bool partial = unconsumed_ > 0 && !full_of_events();
  if (partial && !frame_begun_) frame_since_ = now_;
  frame_begun_ = partial;
  if (eof_ && !eof_seen_ && !full_of_events()) end_of_input();
  return used;
}

// RFC 9113 §3.4.
std::size_t connection::receive_preface(std::string_view bytes) {
  const std::size_t n = std::min(bytes.size(), client_preface.size());
  if (bytes.substr(0, n) != client_preface.substr(0, n)) {
    fail(violation::bad_preface);
    return n;
  }
  if (n < client_preface.size()) return 0;
  preface_due_ = false;
  idle_since_ = now_;
  return n;
}

// Whether to go on.
bool connection::receive_step(const frame_reader::result& r) {
  using step = frame_reader::step;
  const frame_header& h = reader_.header();
  switch (r.what) {
    case step::more: return false;
    case step::failed: fail(*r.error); return false;
    case step::data: data_piece(r.payload); return true;
    case step::data_end: data_end(h); return true;
    case step::skipped: return true;
    default: break;
  }
  // RFC 9113 §3.4: SETTINGS come first, and they are no acknowledgement.
  if (!settings_seen_ && (h.type != frame_type::settings || h.has(flag::ack))) {
    fail(violation::no_settings_first);
    return false;
  }
  if (watch_) [[unlikely]] {
    see_frame(engine::direction::in, h, r.payload);
  }
  if (r.what == step::frame) {
    on_frame(h, r.payload);
  } else if (r.what == step::data_begin) {
    data_begin(h);
  } else if (h.type == frame_type::priority) {
    bad_priority(h);
  } else {
    static_cast<void>(glitch());  // RFC 9113 §4.1, §5.5: an unknown type is ignored
  }
  if (control_exceeded_) fail(violation::too_much_control);
  return !finished_;
}

void connection::on_frame(const frame_header& h, std::string_view payload) {
  switch (h.type) {
    case frame_type::headers: return on_headers(h, payload);
    case frame_type::priority: return on_priority(h, payload);
    case frame_type::rst_stream: return on_rst_stream(h, payload);
    case frame_type::settings: return on_settings(h, payload);
    case frame_type::push_promise: return on_push_promise(h, payload);
    case frame_type::ping: return on_ping(h, payload);
    case frame_type::goaway: return on_goaway(h, payload);
    case frame_type::window_update: return on_window_update(h, payload);
    case frame_type::continuation: return on_continuation(h, payload);
    case frame_type::priority_update: return on_priority_update(h, payload);
    case frame_type::data: return;
  }
}

// --- streams -----------------------------------------------------------------------------------------------------------------

stream_state connection::state_of(const stream* s, std::uint32_t id) const {
  if (s != nullptr) return s->state;
  if (is_peers(id) ? id > highest_peers_ : id >= next_ours_) return stream_state::idle;
  const stream_state how = closed_.find(id);
  // Too long ago, or skipped (RFC 9113 §5.1.1).
  return how == stream_state::idle ? stream_state::ended : how;
}

bool connection::allowed(stream* s, std::uint32_t id, stream_input input) {
  switch (step(state_of(s, id), input).action) {
    case stream_action::go: return true;
    case stream_action::never:
    case stream_action::ignore: return false;
    case stream_action::idle: fail(violation::idle_stream); return false;
    case stream_action::reserved: fail(violation::reserved_stream); return false;
    case stream_action::closed: fail(violation::after_closed); return false;
    case stream_action::bad_parent: fail(violation::bad_promise_parent); return false;
    case stream_action::ended: fail_stream(*s, violation::after_end_of_stream); return false;
    case stream_action::after_reset:
      // It is gone; what is left to say is that it is.
      watch_(now_, id, engine::observed_error{violation::after_reset});
      if (!resets_.spend(now_)) {
        fail(violation::too_many_resets);
        return false;
      }
      write_reset(id, error_code::stream_closed);
      return false;
  }
  return false;
}

// --- DATA --------------------------------------------------------------------------------------------------------------------

// Nobody reads it: its credit goes back at once (RFC 9113 §6.9: it counts for the connection all the same).
void connection::drop_data(std::uint32_t size) {
  receive_.consume(size);
  credit_connection();
}

void connection::data_begin(const frame_header& h) {
  data_stream_ = nullptr;
  data_dropped_ = false;
  // RFC 9113 §6.9.1: the whole payload counts, padding and its length too.
  if (!receive_.take(h.length)) return fail(violation::connection_window_exceeded);
  stream* const s = streams_.find(h.stream);
  if (s == nullptr && is_peers(h.stream) && h.stream > closing_.last) return drop_data(h.length);  // RFC 9113 §6.8
  if (s == nullptr && state_of(s, h.stream) == stream_state::ended && closed_.find(h.stream) == stream_state::idle) {
    // Closed too long ago to say how (RFC 9113 §6.1: a stream error).
    if (!glitch()) return;
    write_reset(h.stream, error_code::stream_closed);
    return drop_data(h.length);
  }
  if (!allowed(s, h.stream, stream_input::data_in)) {
    if (!finished_) drop_data(h.length);
    return;
  }
  const std::uint32_t size = reader_.content();
  const auto refuse = [&](const engine::protocol_error& error) {
    fail_stream(*s, error);
    if (!finished_) drop_data(h.length);
  };
  if (h.length > largest_frame()) return refuse(violation::data_too_large);
  // Its reader keeps up, and its sender has used half of the window up within two round trips: they could use a larger one.
  const bool kept_up = s->receive.unread() <= s->receive.target() / 4;
  if (!s->receive.take(h.length)) return refuse(violation::stream_window_exceeded);
  if (kept_up && s->receive.left() <= s->receive.target() / 2 && now_ - s->window_opened <= 2 * round_trip_) s->eager = true;
  const auto refuse_taken = [&](const engine::protocol_error& error) {
    s->receive.consume(h.length);
    refuse(error);
  };
  if (!is_server() && !s->final_head) return refuse_taken(violation::data_before_head);
  if (size > 0 && s->no_content) return refuse_taken(violation::content_not_allowed);
  if (s->expected) {
    if (size > *s->expected || (h.has(flag::end_stream) && size < *s->expected)) return refuse_taken(violation::length_mismatch);
    *s->expected -= size;
  }
  if (size == 0 && !h.has(flag::end_stream) && !glitch()) return;
  if (s->discard) {
    s->receive.consume(h.length);
    drop_data(h.length);
    if (s->lingers && !h.has(flag::end_stream) && !may_linger(*s)) return stop_request(*s);
    data_stream_ = s;
    data_dropped_ = true;
    return;
  }
  data_stream_ = s;
  const std::uint32_t padding = h.length - size;
  if (padding > 0) {
    s->receive.consume(padding);
    drop_data(padding);
    if (!h.has(flag::end_stream)) credit_stream(*s);
  }
}

void connection::data_piece(std::string_view bytes) {
  stream* const s = data_stream_;
  if (s == nullptr) return;
  if (s->receive_clock_runs) {
    s->receive_clock.progress(bytes.size(), now_, least_rate(limits_.receive_rate), limits_.stall_time);
  }
  if (watch_) [[unlikely]] {
    watch_(now_, s->id, engine::observed_data{engine::direction::in, bytes.size()});
  }
  if (s->discard) {
    if (data_dropped_) return;  // its credit went back when it began
    s->receive.consume(static_cast<std::int64_t>(bytes.size()));
    return drop_data(static_cast<std::uint32_t>(bytes.size()));
  }
  events_.push(engine::data_event{s->id, bytes});
}

void connection::data_end(const frame_header& h) {
  stream* const s = std::exchange(data_stream_, nullptr);
  if (s == nullptr || !h.has(flag::end_stream)) return;
  message_received(*s, true);
}

void connection::message_received(stream& s, bool tell) {
  s.receive_clock_runs = false;
  feed(s, stream_input::end_in);
  watch_(now_, s.id, engine::observed_end{engine::direction::in});
  if (tell && s.told && !s.discard) events_.push(engine::complete_event{s.id});
  settle(s);
}

void connection::consume(stream_id id, std::size_t n) {
  stream* const s = id <= largest_stream_id ? streams_.find(static_cast<std::uint32_t>(id)) : nullptr;
  if (s == nullptr) return;  // what it still held was credited when it went
  const auto bytes = std::min(static_cast<std::int64_t>(n), s->receive.unread());
  if (bytes <= 0) return;
  const bool was_shut = s->receive.left() <= 0 || receive_.left() <= 0;
  const std::int64_t paid = std::min<std::int64_t>(bytes, s->aside);
  s->aside -= static_cast<std::uint32_t>(paid);
  s->receive.consume(bytes);
  receive_.consume(bytes - paid);
  credit_connection();
  if (can_receive(s->state)) {
    credit_stream(*s);
    // It could not send while nobody read: it gets the whole time again.
    if (was_shut && s->receive_clock_runs) start_receive_clock(*s);
  }
  settle(*s);
}

void connection::set_aside(stream_id id, std::size_t n) {
  stream* const s = id <= largest_stream_id ? streams_.find(static_cast<std::uint32_t>(id)) : nullptr;
  if (s == nullptr) return;
  const auto bytes = std::min(static_cast<std::int64_t>(n), s->receive.unread() - s->aside);
  if (bytes <= 0) return;
  s->aside += static_cast<std::uint32_t>(bytes);
  receive_.consume(bytes);
  credit_connection();
}

// --- the end -----------------------------------------------------------------------------------------------------------------

void connection::receive_eof(time_point now) {
  now_ = now;
  eof_ = true;
  // What was given and not yet taken comes first: it is given again when there is room for it.
  if (!eof_seen_ && (unconsumed_ == 0 || !full_of_events())) end_of_input();
}

void connection::end_of_input() {
  eof_seen_ = true;
  if (finished_) return;
  if (!is_server()) {
    engine::protocol_error error = violation::closed_before_end;
    if (closing_.peers_code != 0) {
      error = violation::ended_by_peer;
      error.code = closing_.peers_code;
      error.message = goaway_sentence(error.code);
    }
    lose_all(error);
    aborted_ = true;
    return finish();
  }
  // What is whole may still be answered; nothing else will be.
  for (const std::uint32_t id : streams_.ids()) {
    stream& s = *streams_.find(id);
    if (!can_receive(s.state)) continue;
    abandon(s, error_code::cancel);
    lose(s, violation::closed_before_end);
  }
  closing_.peer = true;
  finish_if_drained();
}

}  // namespace parley::h2
