#include <algorithm>
#include <utility>

#include "h3/connection.hpp"
#include "h3/violations.hpp"

// What the transport pulls: streams in their turns, and what it says of them.

namespace parley::h3 {

namespace {
// So much of QPACK's instructions is made ahead of what was sent.
constexpr std::uint64_t instructions_ahead = 4096;
}  // namespace

std::optional<engine::any_transport_action> connection::next_action() {
  if (actions_taken_ == actions_.size()) return std::nullopt;
  std::optional<engine::any_transport_action> next(std::move(actions_[actions_taken_++]));
  if (actions_taken_ == actions_.size()) {
    actions_.clear();
    actions_taken_ = 0;
  }
  return next;
}

// --- writing -----------------------------------------------------------------------------------------------------------------

void connection::count_queued(const stream& s, std::uint64_t before) { queued_ += s.output.unsent() - before; }

void connection::write_data_header(stream& s, std::uint64_t size) {
  char head[1 + most_varint_bytes];
  head[0] = static_cast<char>(frame_type::data);
  const char* const end = write_varint(head + 1, size);
  const std::uint64_t before = s.output.unsent();
  s.output.copy({head, static_cast<std::size_t>(end - head)});
  count_queued(s, before);
  if (watch_) [[unlikely]] {
    see_frame(engine::direction::out, s.id, frame_type::data, size, {});
  }
}

// Whoever has something to send, a stream and a window for it, takes part in the turns.
void connection::schedule(stream& s) {
  if (s.out == way::open && !s.window_shut && (s.output.unsent() > 0 || s.end_queued) && !not_granted(s)) {
    turns_.insert(s.place, s.id);
    start_output_clock();
  } else {
    turns_.remove(s.place);
  }
  watch_sending(s);
}

void connection::move_instructions(own which) {
  own_stream& o = own_[which];
  if (o.output.unsent() >= instructions_ahead) return;
  const std::string_view text = which == own_encoder ? encoder_.output() : decoder_.output();
  if (text.empty()) return;
  o.output.copy(text);
  if (which == own_encoder) {
    encoder_.written(text.size());
  } else {
    decoder_.written(text.size());
  }
}

void connection::flush_instructions() {
  move_instructions(own_encoder);
  move_instructions(own_decoder);
}

// --- the pull --------------------------------------------------------------------------------------------------------------------

connection::own_stream* connection::find_own(transport_stream id) {
  for (own_stream& o : own_) {
    if (o.id == id) return &o;
  }
  return nullptr;
}

std::optional<connection::transport_stream> connection::next_stream() {
  if (finished_ || !started_) return std::nullopt;
  flush_instructions();
  own_stream& spare = own_[own_grease];
  // RFC 9114 §6.2.3: a stream of a type that nobody knows, where one is left over.
  if (spare.id == stream::no_transport && settings_seen_ && unidirectional_limit_ > next_unidirectional_ + 1) {
    spare.id = own_id(next_unidirectional_++);
    char head[most_varint_bytes];
    const char* const end = write_varint(head, grease(options_.seed >> 20));
    spare.output.copy({head, static_cast<std::size_t>(end - head)});
    spare.ends = true;
  }
  for (const own_stream& o : own_) {
    if (o.over || o.window_shut || o.output.unsent() == 0 || o.id / 4 >= unidirectional_limit_) continue;
    return o.id;
  }
  const engine::scheduler::node* const next = turns_.next();
  if (next == nullptr) return std::nullopt;
  return next->id() < first_push ? engine::transport_of(next->id()) : streams_.find(next->id())->transport;
}

engine::stream_output connection::output(transport_stream id, std::span<std::string_view> pieces) {
  const own_stream* const o = find_own(id);
  const stream* const s = o != nullptr ? nullptr : find_transport(id);
  if (o == nullptr && s == nullptr) return {};
  const send_buffer& from = o != nullptr ? o->output : s->output;
  const std::size_t n = from.peek(pieces);
  if (o != nullptr ? !o->ends : !s->end_queued) return {n, false};
  std::uint64_t shown = 0;
  for (std::size_t i = 0; i < n; ++i) shown += pieces[i].size();
  return {n, shown == from.unsent()};
}

void connection::accepted(transport_stream id, std::size_t n, bool fin, time_point now) {
  now_ = now;
  if (own_stream* const o = find_own(id)) {
    if (n <= o->output.unsent()) o->output.sent(n);
    o->over = o->over || fin;
    return;
  }
  stream* const s = find_transport(id);
  if (s == nullptr || s->out != way::open || n > s->output.unsent()) return;
  s->output.sent(n);
  queued_ -= n;
  held_ += n;
  if (s->place.queued()) turns_.sent(s->place, n);
  output_progress(n);
  if (s->send_clock_runs) s->send_clock.progress(n, now_, least_rate(limits_.send_rate), limits_.stall_time);
  if (s->output.unsent() > 0) return tell_writable(*s);
  s->send_clock_runs = false;
  if (!fin || !s->end_queued) {
    if (!s->end_queued) turns_.remove(s->place);
    return tell_writable(*s);
  }
  turns_.remove(s->place);
  s->end_queued = false;
  message_sent(*s);
}

void connection::blocked(transport_stream id) {
  if (own_stream* const o = find_own(id)) {
    o->window_shut = true;
    // RFC 9204 §2.1.3: nothing may depend on what cannot be sent.
    if (o == &own_[own_encoder]) encoder_.allow_inserts(false);
    return;
  }
  stream* const s = find_transport(id);
  if (s == nullptr) return;
  s->window_shut = true;
  schedule(*s);
}

void connection::unblocked(transport_stream id) {
  if (own_stream* const o = find_own(id)) {
    o->window_shut = false;
    if (o == &own_[own_encoder]) encoder_.allow_inserts(true);
    return;
  }
  stream* const s = find_transport(id);
  if (s == nullptr) return;
  s->window_shut = false;
  schedule(*s);
}

void connection::acknowledged(transport_stream id, std::size_t n) {
  if (own_stream* const o = find_own(id)) {
    n = static_cast<std::size_t>(std::min<std::uint64_t>(n, o->output.unacknowledged()));
    o->output.acknowledged(n);
    if (o != &own_[own_control]) return;
    control_acknowledged_ += n;
    // The peer has our first GOAWAY: what it sent before is here, or as good as.
    if (closing_.ours == closing::step::warned && control_acknowledged_ >= closing_.warned_at) say_last();
    return;
  }
  stream* const s = find_transport(id);
  if (s == nullptr) return;
  n = static_cast<std::size_t>(std::min<std::uint64_t>(n, s->output.unacknowledged()));
  s->output.acknowledged(n);
  held_ -= n;
  acknowledged_new_ += n;
  if (held_ == 0 && turns_.empty()) output_clock_runs_ = false;
  if (any_full_) update_room();
  if (s->out == way::ended && s->output.empty()) settle(*s);
}

// --- room ----------------------------------------------------------------------------------------------------------------------

bool connection::has_room(const stream& s) const {
  return s.output.unsent() < limits_.send_window && queued_ < limits_.connection_send_window && held_ < limits_.unacknowledged;
}

void connection::tell_writable(stream& s) {
  if (!s.full || s.output.unsent() > limits_.send_window / 2) return;
  if (queued_ > limits_.connection_send_window / 2 || held_ > limits_.unacknowledged / 2) {
    any_full_ = true;
    return;
  }
  s.full = false;
  if (s.told && !s.lost) events_.push(engine::writable_event{s.id});
}

// There is room for all again: those that waited for nothing else go on.
void connection::update_room() {
  if (queued_ > limits_.connection_send_window / 2 || held_ > limits_.unacknowledged / 2) return;
  any_full_ = false;
  streams_.for_each([this](stream& s) { tell_writable(s); });
}

}  // namespace parley::h3
