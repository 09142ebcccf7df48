#include <algorithm>

#include "h2/connection.hpp"
#include "h2/violations.hpp"
#include "semantics/priority.hpp"

// The frames that carry no message: settings, windows, resets, pings, priorities, GOAWAY.

namespace parley::h2 {

// A frame that brings nothing forward; false when there were too many of them (RFC 9113 §10.5).
bool connection::glitch() {
  if (glitches_.spend(now_)) return true;
  fail(violation::too_many_glitches);
  return false;
}

// --- priorities ----------------------------------------------------------------------------------------------------------------

// RFC 9113 §5.3.2: checked and ignored. It no longer says what RFC 7540 does of a stream that depends on itself; no peer means that, so
// the rule is kept, as most servers have it.
void connection::on_priority(const frame_header& h, std::string_view payload) {
  if (payload.size() != 5) return bad_priority(h);
  if ((load_u32(payload.data()) & largest_stream_id) == h.stream) return fail(violation::self_dependency);
  static_cast<void>(glitch());
}

// RFC 9113 §6.3: a stream error; a stream that nobody has opened cannot be reset.
void connection::bad_priority(const frame_header& h) {
  stream* const s = streams_.find(h.stream);
  if (s != nullptr && !is_closed(s->state)) return fail_stream(*s, violation::bad_priority_size);
  if (state_of(s, h.stream) == stream_state::idle) return fail(violation::bad_frame_size);
  static_cast<void>(glitch());
}

// RFC 9218 §7.1.
void connection::on_priority_update(const frame_header&, std::string_view payload) {
  if (!is_server()) return fail(violation::bad_priority_update);
  const std::uint32_t id = load_u32(payload.data()) & largest_stream_id;
  if (id == 0) return fail(violation::bad_priority_update);
  if (!glitch()) return;
  const auto value = semantics::parse_priority(payload.substr(4));
  if (!value) return;  // a server may ignore what is no dictionary
  priorities_known_ = true;
  stream* const s = streams_.find(id);
  if (s != nullptr) return turns_.reprioritise(s->place, *value);
  if (state_of(s, id) != stream_state::idle) return;
  // One that was not promised cannot be prioritised, and no more of them wait than there may be streams.
  if (!is_peers(id)) return fail(violation::bad_priority_update);
  static_cast<void>(early_priorities_.put(id, *value, limits_.streams));
}

// --- RST_STREAM ------------------------------------------------------------------------------------------------------------------

void connection::on_rst_stream(const frame_header& h, std::string_view payload) {
  stream* const s = streams_.find(h.stream);
  if (!allowed(s, h.stream, stream_input::reset_in) || s == nullptr) {
    if (!finished_) static_cast<void>(glitch());
    return;
  }
  const std::uint32_t code = load_u32(payload.data());
  // One that was answered lets go of its request only: nothing is cancelled.
  if (s->lingers) {
    if (!glitch()) return;
  } else {
    if (is_server() && !resets_.spend(now_)) return fail(violation::too_many_resets);
  }
  const bool refused = code == static_cast<std::uint32_t>(error_code::refused_stream);
  engine::protocol_error error = refused ? violation::stream_refused : violation::stream_reset;
  error.code = code;
  if (!refused) error.message = reset_sentence(code);
  // RFC 9113 §8.1: a server that has answered may stop the request, and the answer counts.
  const bool answered =
      !is_server() && s->state == stream_state::half_closed_remote && code == static_cast<std::uint32_t>(error_code::no_error);
  stop_sending(*s);
  feed(*s, stream_input::reset_in);
  if (answered) {
    // What the application has still to say of its request is dropped; if it has said all, that is all.
    if (s->told && s->sending != send_phase::ended) {
      s->unheard = s->lost = true;
      return;
    }
    return settle(*s);
  }
  lose(*s, error, refused && !is_server());
}

// --- SETTINGS --------------------------------------------------------------------------------------------------------------------

void connection::on_settings(const frame_header& h, std::string_view payload) {
  if (h.has(flag::ack)) {
    if (settings_unacked_ == 0) return fail(violation::unexpected_settings_ack);
    --settings_unacked_;
    return settings_acknowledged();
  }
  // The first is due, others bring nothing forward.
  if (settings_seen_ && !glitch()) return;
  if (const auto* error = apply_settings(payload)) return fail(*error);
  settings_seen_ = true;
  write_frame({.length = 0, .type = frame_type::settings, .flags = flag::ack, .stream = 0}, {});
}

const engine::protocol_error* connection::apply_settings(std::string_view payload) {
  const settings before = theirs_;
  const auto from = is_server() ? engine::role::client : engine::role::server;
  for (std::size_t i = 0; i < payload.size(); i += setting_size) {
    const auto* error = take(theirs_, load_u16(payload.data() + i), load_u32(payload.data() + i + 2), from, !settings_seen_);
    if (error != nullptr) return error;
  }
  if (theirs_.header_table_size != before.header_table_size) encoder_.set_peer_limit(theirs_.header_table_size);
  // RFC 9113 §6.9.2: the windows of all streams move with it, also below zero.
  const std::int64_t by = std::int64_t{theirs_.initial_window_size} - before.initial_window_size;
  if (by == 0) return nullptr;
  bool overflow = false;
  streams_.for_each([&](stream& s) {
    overflow = overflow || !s.send.open(by);
    if (!s.content.empty()) schedule(s);
  });
  return overflow ? &violation::window_setting_overflow : nullptr;
}

void connection::settings_acknowledged() {
  round_trip_ = std::max<std::chrono::nanoseconds>(now_ - settings_sent_, std::chrono::microseconds(1));
  // RFC 9113 §6.5.3: from here on they are in force.
  decoder_.set_limit(limits_.field_table);
  const auto window = static_cast<std::uint32_t>(std::min<std::size_t>(limits_.receive_window, default_window));
  const std::int64_t by = std::int64_t{window} - our_window_;
  our_window_ = window;
  if (by == 0) return;
  streams_.for_each([by](stream& s) {
    s.receive.shift(by);
    s.receive.target(s.receive.target() + by);
  });
}

// --- PING, GOAWAY ----------------------------------------------------------------------------------------------------------------

void connection::on_ping(const frame_header& h, std::string_view payload) {
  if (!h.has(flag::ack)) {
    if (!glitch()) return;
    return write_frame({.length = 8, .type = frame_type::ping, .flags = flag::ack, .stream = 0}, payload);
  }
  if (closing_.ours == closing::step::warned && payload == std::string_view(drain_ping, 8)) return say_last();
  static_cast<void>(glitch());
}

void connection::on_goaway(const frame_header&, std::string_view payload) {
  const std::uint32_t last = load_u32(payload.data()) & largest_stream_id;
  // RFC 9113 §6.8: it must not rise.
  if (closing_.peer && last > closing_.peers_last) return fail(violation::goaway_rises);
  if (closing_.peer && !glitch()) return;
  const bool first = !std::exchange(closing_.peer, true);
  closing_.peers_last = last;
  closing_.peers_code = load_u32(payload.data() + 4);
  if (first || last != largest_stream_id) events_.push(engine::goaway_event{last});
  if (first) idle_since_ = now_;
  if (!is_server()) {
    for (const std::uint32_t id : streams_.ids()) {
      stream& s = *streams_.find(id);
      if (is_peers(id) || id <= last) continue;
      stop_sending(s);
      if (!is_closed(s.state)) feed(s, stream_input::reset_in);
      lose(s, violation::not_processed, true);
    }
  }
  finish_if_drained();
}

// --- WINDOW_UPDATE -----------------------------------------------------------------------------------------------------------------

void connection::on_window_update(const frame_header& h, std::string_view payload) {
  const std::uint32_t by = load_u32(payload.data()) & largest_stream_id;
  // What our own content has earned is no glitch, however little it opens.
  if (updates_earned_ > 0) {
    --updates_earned_;
  } else if (!glitch()) {
    return;
  }
  if (h.stream == 0) {
    if (by == 0) return fail(violation::zero_connection_increment);
    if (!send_.open(by)) return fail(violation::connection_window_overflow);
    return;
  }
  stream* const s = streams_.find(h.stream);
  if (!allowed(s, h.stream, stream_input::window_in) || s == nullptr || is_closed(s->state)) return;
  if (by == 0) return fail_stream(*s, violation::zero_increment);
  if (!s->send.open(by)) return fail_stream(*s, violation::stream_window_overflow);
  if (!s->content.empty()) schedule(*s);
}

}  // namespace parley::h2
