#include <algorithm>
#include <utility>

#include "h3/connection.hpp"
#include "h3/message_faults.hpp"
#include "h3/violations.hpp"

// Bytes in: frames of messages, and DATA.

namespace parley::h3 {

void connection::receive(transport_stream id, std::string_view bytes, bool fin, time_point now) {
  now_ = now;
  release_used();
  if (finished_) return;
  if ((id & 2) != 0) return receive_unidirectional(id, bytes, fin);
  stream* const s = streams_.find(engine::exchange_of(id));
  if (s != nullptr) return take_bytes(*s, bytes, fin);
  if (is_server() && (id & 1) == 0) return open_request(id, bytes, fin);
  // RFC 9114 §6.1: there are none that the server opens.
  if (!is_server() && (id & 1) != 0) return fail(violation::server_request_stream);
  credit(id, bytes.size());
}

void connection::open_request(transport_stream id, std::string_view bytes, bool fin) {
  stream& s = open_stream(engine::exchange_of(id));
  s.in = s.out = way::open;
  s.all_came = fin;
  if (id >= closing_.refused) {  // RFC 9114 §5.2: after our GOAWAY
    credit(id, bytes.size());
    abandon(s, error_code::request_rejected);
    return settle(s);
  }
  if (peers_live_ > limits_.streams) {
    credit(id, bytes.size());
    return reject(s, violation::too_many_streams);
  }
  requests_end_ = std::max(requests_end_, id + 4);
  s.sending = send_phase::head;
  start_head_clock(s, limits_.head_time);
  take_bytes(s, bytes, fin);
}

void connection::take_bytes(stream& s, std::string_view bytes, bool fin) {
  std::uint64_t used = 0;  // that is no content
  s.all_came = s.all_came || fin;
  while (s.in == way::open && !finished_) {
    if (s.blocked()) {
      if (!bytes.empty()) s.waiting->bytes.append(bytes);
      s.waiting->fin = fin;
      return credit(s.transport, used);
    }
    if (s.discard) {
      credit(s.transport, used + bytes.size());
      if (fin) message_received(s, false);
      return;
    }
    const auto r = s.reader.read(bytes);
    bytes.remove_prefix(r.consumed);
    if (r.what != frame_reader::step::payload || s.reader.type() != frame_type::data) used += r.consumed;
    if (r.what == frame_reader::step::more) {
      credit(s.transport, used);
      if (fin) end_of_stream(s);
      return;
    }
    if (!take_step(s, r, fin && bytes.empty())) break;
  }
  credit(s.transport, used + bytes.size());
}

// Whether to go on.
bool connection::take_step(stream& s, const frame_reader::result& r, bool last) {
  if (r.what == frame_reader::step::header) return begin_frame(s);
  return take_payload(s, r.payload, last);
}

bool connection::refuse_frame(frame_verdict verdict, frame_kind kind) {
  if (verdict == frame_verdict::missing_settings) {
    fail(violation::no_settings_first);
  } else {
    fail(kind == frame_kind::reserved ? violation::http2_frame : violation::frame_unexpected_here);
  }
  return false;
}

bool connection::begin_frame(stream& s) {
  const frame_type type = s.reader.type();
  const frame_kind kind = kind_of(type);
  const frame_verdict verdict = judge(s.place_in, kind);
  if (watch_ && kind != frame_kind::headers && kind != frame_kind::push_promise) [[unlikely]] {
    see_frame(engine::direction::in, s.id, type, s.reader.size(), {});
  }
  if (verdict == frame_verdict::skip) return std::exchange(s.frames_greased, true) ? glitch() : true;
  if (verdict != frame_verdict::take) return refuse_frame(verdict, kind);
  if (kind == frame_kind::data) return begin_data(s);
  // What is larger compressed than it may be at all is not even kept; the stream's part in the table ends with it.
  const bool trailers = kind == frame_kind::headers && !head_due(s.place_in);
  if (s.reader.size() <= (trailers ? limits_.trailers : limits_.head)) return true;
  decoder_.cancel(s.transport);
  malformed_message(s, trailers ? semantics::fault::trailers_too_large : semantics::fault::head_too_large);
  return !finished_;
}

bool connection::take_payload(stream& s, std::string_view piece, bool last) {
  const frame_type type = s.reader.type();
  if (type == frame_type::data) {
    if (!piece.empty()) data_piece(s, piece);
    return true;
  }
  if (type != frame_type::headers && type != frame_type::push_promise) return true;
  if (s.reader.left() > 0 || !s.partial.empty()) s.partial.append(piece);
  if (s.reader.left() > 0) return true;
  if (s.partial.empty()) return take_whole_frame(s, piece, last);
  const base::buffer whole = std::move(s.partial);
  return take_whole_frame(s, whole.readable(), last);
}

bool connection::take_whole_frame(stream& s, std::string_view payload, bool last) {
  const frame_type type = s.reader.type();
  section_in in{type, payload, 0, last, s.reader.size() + varint_size(s.reader.size()) + 1};
  if (watch_) [[unlikely]] {
    see_frame(engine::direction::in, s.id, type, s.reader.size(), payload);
  }
  if (type == frame_type::push_promise && !read_varint(in.bytes, in.push_id)) {
    fail(violation::bad_frame_content);
    return false;
  }
  take_section(s, in);
  return !finished_;
}

// --- DATA --------------------------------------------------------------------------------------------------------------------

bool connection::begin_data(stream& s) {
  const std::uint64_t size = s.reader.size();
  const auto refuse = [&](const engine::protocol_error& error) {
    fail_stream(s, error);
    return !finished_;
  };
  if (size > 0 && s.no_content) return refuse(violation::content_not_allowed);
  if (s.expected) {
    if (size > *s.expected) return refuse(violation::length_mismatch);
    *s.expected -= size;
  }
  return size > 0 || glitch();
}

void connection::data_piece(stream& s, std::string_view piece) {
  if (s.receive_clock_runs) {
    s.receive_clock.progress(piece.size(), now_, least_rate(limits_.receive_rate), limits_.stall_time);
  }
  if (watch_) [[unlikely]] {
    watch_(now_, s.id, engine::observed_data{engine::direction::in, piece.size()});
  }
  if (!s.told) return credit(s.transport, piece.size());
  s.unread += piece.size();
  unread_ += piece.size();
  events_.push(engine::data_event{s.id, piece});
}

void connection::credit(transport_stream id, std::uint64_t n) {
  if (n == 0 || finished_) return;
  if (actions_.size() > actions_taken_) {
    auto* const last = std::get_if<engine::transport_action::credit>(&actions_.back());
    if (last != nullptr && last->stream == id) {
      last->n += n;
      return;
    }
  }
  actions_.emplace_back(engine::transport_action::credit{id, n});
}

void connection::consume(stream_id id, std::size_t n) {
  stream* const s = streams_.find(id);
  if (s == nullptr) return;  // what it still held was credited when it went
  const auto bytes = std::min<std::uint64_t>(n, s->unread);
  if (bytes == 0) return;
  const bool was_shut = reading_shut(*s);
  const std::uint64_t paid = std::min(bytes, s->aside);
  s->aside -= paid;
  s->unread -= bytes;
  unread_ -= bytes - paid;
  credit(s->transport, bytes - paid);
  if (paid > 0 && !finished_) actions_.emplace_back(engine::transport_action::stream_credit{s->transport, paid});
  // It could not send while nobody read: it gets the whole time again.
  if (was_shut && s->receive_clock_runs) start_receive_clock(*s);
  settle(*s);
}

void connection::set_aside(stream_id id, std::size_t n) {
  stream* const s = streams_.find(id);
  if (s == nullptr || finished_) return;
  const auto bytes = std::min<std::uint64_t>(n, s->unread - s->aside);
  if (bytes == 0) return;
  s->aside += bytes;
  unread_ -= bytes;
  actions_.emplace_back(engine::transport_action::connection_credit{bytes});
}

// --- the end -----------------------------------------------------------------------------------------------------------------

void connection::end_of_stream(stream& s) {
  if (s.reader.within_frame()) return fail(violation::frame_truncated);
  s.head_clock_runs = false;
  if (head_due(s.place_in)) {
    s.in = way::ended;
    return fail_stream(s, is_server() ? violation::bad_request_end : violation::bad_response_end);
  }
  if (s.expected.value_or(0) != 0) {
    s.in = way::ended;
    return fail_stream(s, violation::length_mismatch);
  }
  message_received(s, true);
}

void connection::message_received(stream& s, bool tell) {
  s.receive_clock_runs = s.head_clock_runs = false;
  s.in = way::ended;
  watch_(now_, s.id, engine::observed_end{engine::direction::in, true});
  if (tell && s.told && !s.discard) events_.push(engine::complete_event{s.id});
  settle(s);
}

void connection::receive_reset(transport_stream id, std::uint64_t code, time_point now) {
  now_ = now;
  release_used();
  if (finished_) return;
  if (is_peers_unidirectional(id)) {
    peer_stream* const u = find_unidirectional(id);
    if (u == nullptr) return;
    if (u->kind == uni_kind::control || u->kind == uni_kind::encoder || u->kind == uni_kind::decoder) {
      return fail(violation::critical_stream_closed);
    }
    if (u->kind != uni_kind::push) u->kind = uni_kind::ignored;
    if (u->waits) {
      credit(id, u->bytes.size());
      u->bytes.reset();
      u->waits = false;
      u->kind = uni_kind::ignored;
      pushes_.set_cancelled(u->exchange - first_push);
      return allow_pushes();
    }
  }
  stream* const s = find_transport(id);
  if (s == nullptr) {
    if (is_server() && (id & 3) == 0 && streams_.find(engine::exchange_of(id)) == nullptr) {
      // It was reset before any of it came: it was there, and counts as cancelled.
      stream& fresh = open_stream(engine::exchange_of(id));
      fresh.in = way::ended;
      fresh.out = way::open;
      reject(fresh, violation::stream_reset);
    }
    return;
  }
  if (s->in != way::open) return;
  s->in = way::stopped;
  s->partial.reset();
  decoder_.cancel(id);
  if (s->waiting != nullptr) {
    credit(id, s->waiting->bytes.size());
    s->waiting.reset();
  }
  if (is_server() && !resets_.spend(now_)) return fail(violation::too_many_resets);
  s->receive_clock_runs = s->head_clock_runs = false;
  if (s->handed_over && s->out != way::stopped) return settle(*s);  // the answer was given without the rest of it
  const bool refused = code == static_cast<std::uint64_t>(error_code::request_rejected);
  engine::protocol_error error = refused ? violation::stream_refused : violation::stream_reset;
  error.code = static_cast<std::uint32_t>(std::min<std::uint64_t>(code, UINT32_MAX));
  if (!refused) error.message = reset_sentence(code);
  abandon(*s, error_code::request_cancelled);
  if (is_server() && !s->told) events_.push(engine::reset_event{s->id, error});
  lose(*s, error, refused && !is_server() && !s->pushed);
  settle(*s);
}

void connection::receive_stop(transport_stream id, std::uint64_t code, time_point now) {
  now_ = now;
  release_used();
  if (finished_) return;
  if (own_stream* const o = find_own(id)) {
    // RFC 9114 §6.2.1, RFC 9204 §4.2.
    if (o != &own_[own_grease]) return fail(violation::critical_stream_closed);
    o->output.clear();
    o->over = true;
    actions_.emplace_back(engine::transport_action::reset{id, static_cast<std::uint64_t>(error_code::no_error)});
    return;
  }
  stream* s = find_transport(id);
  if (s == nullptr && is_server() && (id & 3) == 0) {
    // Before any of the request: nobody wants its answer.
    s = &open_stream(engine::exchange_of(id));
    s->in = s->out = way::open;
    s->sending = send_phase::head;
  }
  if (s == nullptr || s->out == way::stopped || s->out == way::none) return;
  const bool ended = s->out == way::ended;
  stop_sending(*s);
  s->out = way::stopped;
  actions_.emplace_back(engine::transport_action::reset{id, static_cast<std::uint64_t>(error_code::request_cancelled)});
  if (is_server() && !resets_.spend(now_)) return fail(violation::too_many_resets);
  if (!is_server()) {
    // RFC 9114 §4.1: its answer counts all the same; what the application has still to say is dropped.
    s->unheard = s->sending != send_phase::ended;
    return settle(*s);
  }
  if (ended) return settle(*s);
  engine::protocol_error error = violation::stream_reset;
  error.code = static_cast<std::uint32_t>(std::min<std::uint64_t>(code, UINT32_MAX));
  error.message = reset_sentence(code);
  abandon(*s, error_code::request_cancelled);
  if (!s->told || s->handed_over) events_.push(engine::reset_event{s->id, error});
  lose(*s, error);
  settle(*s);
}

}  // namespace parley::h3
