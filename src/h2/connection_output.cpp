#include <algorithm>
#include <cstring>
#include <utility>

#include "h2/connection.hpp"
#include "h2/violations.hpp"

// Frames out: all that is ready leaves in as few pieces as possible.

namespace parley::h2 {

namespace {

// How much is made into frames ahead of what was written: what has become more urgent meanwhile waits behind it.
constexpr std::size_t frames_ahead = 144 * 1024;
// What the peer may make us say without reading it (RFC 9113 §10.5).
constexpr std::uint64_t most_control = 64 * 1024;
// Of our DATA frames, however much the peer takes: with its header a frame fills one TLS record.
constexpr std::uint32_t most_payload = default_frame_size - frame_header_size;
// A piece of content from this size on earns its reader two WINDOW_UPDATEs, and so does a smaller one that no window cut.
constexpr std::uint64_t earning_piece = 256;
constexpr std::uint32_t most_updates_earned = 10'000;

}  // namespace

// --- writing -----------------------------------------------------------------------------------------------------------------

char* connection::begin_frame(std::size_t size) {
  seal();
  if (out_.empty()) output_clock_.start(now_, limits_.stall_time);
  return out_.reserve(size);
}

// What the peer can make us send must be bounded, should it not read. `receive` looks at it, for here somebody is in the midst of a stream.
void connection::count_control(std::size_t bytes) {
  control_new_ += bytes;
  if (control_old_ + control_new_ > most_control) control_exceeded_ = true;
}

void connection::write_frame(const frame_header& h, std::string_view payload, bool control) {
  char* p = write_frame_header(begin_frame(frame_header_size + payload.size()), h);
  if (!payload.empty()) std::memcpy(p, payload.data(), payload.size());
  out_.commit(frame_header_size + payload.size());
  if (watch_) [[unlikely]] {
    see_frame(engine::direction::out, h, payload);
  }
  if (control) count_control(frame_header_size + payload.size());
}

void connection::write_reset(std::uint32_t id, error_code code) {
  char payload[4];
  store_u32(payload, static_cast<std::uint32_t>(code));
  write_frame({.length = 4, .type = frame_type::rst_stream, .flags = 0, .stream = id}, {payload, 4});
}

void connection::write_window_update(std::uint32_t id, std::uint32_t by) {
  char payload[4];
  store_u32(payload, by);
  write_frame({.length = 4, .type = frame_type::window_update, .flags = 0, .stream = id}, {payload, 4});
}

void connection::write_goaway(std::uint32_t last, error_code code, std::string_view text) {
  char payload[8 + 64];
  text = text.substr(0, 64);
  char* p = store_u32(store_u32(payload, last), static_cast<std::uint32_t>(code));
  if (!text.empty()) std::memcpy(p, text.data(), text.size());
  const auto size = static_cast<std::uint32_t>(8 + text.size());
  write_frame({.length = size, .type = frame_type::goaway, .flags = 0, .stream = 0}, {payload, size}, false);
}

// The END_STREAM flag behind content that has gone: on the last frame of it, while nobody has seen that.
void connection::write_end(stream& s) {
  if (last_flags_ != nullptr && last_data_ == s.id) {
    *last_flags_ = static_cast<char>(*last_flags_ | flag::end_stream);
    return seal();
  }
  write_frame({.length = 0, .type = frame_type::data, .flags = flag::end_stream, .stream = s.id}, {}, false);
}

// From here on the last DATA frame stays as it is.
void connection::seal() {
  if (last_flags_ == nullptr) return;
  if (watch_) [[unlikely]] {
    see_frame(
        engine::direction::out,
        {.length = last_size_, .type = frame_type::data, .flags = static_cast<std::uint8_t>(*last_flags_), .stream = last_data_},
        {});
  }
  last_flags_ = nullptr;
}

// --- content -----------------------------------------------------------------------------------------------------------------

// At once where nobody waits and nothing holds it back; otherwise in its turn.
void connection::send_content(stream& s, engine::chunk&& data, std::uint64_t size) {
  const bool at_once = turns_.empty() && s.content.empty() && size <= most_payload && size <= s.send.left() &&
                       size <= send_.left() && out_.size() < frames_ahead;
  if (!at_once) {
    s.content.append(std::move(data));
    queued_ += size;
    return schedule(s);
  }
  const frame_header h{.length = static_cast<std::uint32_t>(size), .type = frame_type::data, .flags = 0, .stream = s.id};
  char* const p = begin_frame(frame_header_size);
  write_frame_header(p, h);
  out_.commit(frame_header_size);
  out_.append(std::move(data));
  s.send.use(size);
  send_.use(size);
  updates_earned_ = std::min(updates_earned_ + 2, most_updates_earned);
  last_flags_ = p + 4;
  last_data_ = s.id;
  last_size_ = h.length;
}

// Whoever has content and a window takes part in the turns.
void connection::schedule(stream& s) {
  if (s.send.left() > 0) {
    turns_.insert(s.place, s.id);
  } else {
    turns_.remove(s.place);
  }
  watch_sending(s);
}

void connection::pump() {
  while (out_.size() < frames_ahead && send_.left() > 0) {
    engine::scheduler::node* const next = turns_.next();
    if (next == nullptr) return;
    write_content(*streams_.find(static_cast<std::uint32_t>(next->id())));
  }
  if (send_.left() > 0 || turns_.empty() || window_clock_runs_) return;
  window_clock_runs_ = true;
  window_clock_.start(now_, limits_.stall_time);
  watch_from(window_clock_.until());
}

void connection::write_content(stream& s) {
  const std::uint64_t n = std::min({s.content.size(), s.send.left(), send_.left(), std::uint64_t{most_payload}});
  const bool last = n == s.content.size();
  const bool ends = last && s.end_queued && s.trailers == nullptr;
  const frame_header h{.length = static_cast<std::uint32_t>(n),
                       .type = frame_type::data,
                       .flags = ends ? flag::end_stream : std::uint8_t{0},
                       .stream = s.id};
  write_frame_header(begin_frame(frame_header_size), h);
  out_.commit(frame_header_size);
  s.content.move_to(out_, n);
  queued_ -= n;
  s.send.use(n);
  send_.use(n);
  if (n >= earning_piece || last) updates_earned_ = std::min(updates_earned_ + 2, most_updates_earned);
  if (watch_) [[unlikely]] {
    see_frame(engine::direction::out, h, {});
  }
  if (window_clock_runs_) {
    window_clock_.progress(n, now_, least_rate(limits_.send_rate), limits_.stall_time);
    window_clock_runs_ = queued_ > 0;
  }
  if (s.send_clock_runs) s.send_clock.progress(n, now_, least_rate(limits_.send_rate), limits_.stall_time);
  turns_.sent(s.place, static_cast<std::size_t>(n + frame_header_size));
  if (!last) {
    if (s.send.left() == 0) schedule(s);
    return tell_writable(s);
  }
  turns_.remove(s.place);
  s.send_clock_runs = false;
  if (!s.end_queued) return tell_writable(s);
  s.end_queued = false;
  if (s.trailers != nullptr) {
    const auto trailers = std::move(s.trailers);
    write_trailers(s, *trailers);
  }
  message_sent(s);
}

// --- room ----------------------------------------------------------------------------------------------------------------------

bool connection::has_room(const stream& s) const {
  return s.content.size() < limits_.send_window && queued_ + out_.size() < limits_.connection_send_window;
}

void connection::tell_writable(stream& s) {
  if (!s.full || s.content.size() > limits_.send_window / 2) return;
  if (queued_ + out_.size() > limits_.connection_send_window / 2) {
    any_full_ = true;
    return;
  }
  s.full = false;
  if (s.told && !s.lost) events_.push(engine::writable_event{s.id});
}

// --- the pull --------------------------------------------------------------------------------------------------------------------

std::size_t connection::output(std::span<engine::segment> out) {
  if (!turns_.empty()) pump();
  seal();
  return out_.peek(out);
}

void connection::written(std::size_t n, time_point now) {
  now_ = now;
  out_.written(n);
  written_ += n;
  output_clock_.progress(n, now, least_rate(limits_.send_rate), limits_.stall_time);
  // What the peer made us send has left, once everything that was queued then has.
  if (control_old_ + control_new_ > 0 && written_ >= control_mark_) {
    control_old_ = control_new_;
    control_new_ = 0;
    control_mark_ = written_ + out_.size();
  }
  if (any_full_ && queued_ + out_.size() <= limits_.connection_send_window / 2) update_room();
}

void connection::delivered(std::uint64_t n, time_point now) {
  output_clock_.progress(n, now, least_rate(limits_.send_rate), limits_.stall_time);
}

// There is room for all again: those that waited for nothing else go on.
void connection::update_room() {
  any_full_ = false;
  streams_.for_each([this](stream& s) { tell_writable(s); });
}

// --- credit ----------------------------------------------------------------------------------------------------------------------

void connection::credit_connection() {
  const std::uint32_t by = finished_ ? 0 : receive_.due();
  if (by == 0) return;
  const bool was_shut = receive_.left() <= 0;
  receive_.announced(by);
  write_window_update(0, by);
  if (!was_shut || finished_) return;
  streams_.for_each([this](stream& s) {
    if (s.receive_clock_runs) start_receive_clock(s);
  });
}

// What it holds of the connection's window.
void connection::credit_all_of(stream& s) {
  const std::int64_t unread = s.receive.unread();
  receive_.consume(unread - std::exchange(s.aside, 0));
  s.receive.consume(unread);
  credit_connection();
}

void connection::credit_stream(stream& s) {
  if (finished_ || s.receive.due() == 0) return;
  if (std::exchange(s.eager, false)) s.receive.target(std::min(s.receive.target() * 2, receive_.target()));
  const std::uint32_t by = s.receive.due();
  s.window_opened = now_;
  if (by == 0) return;
  s.receive.announced(by);
  write_window_update(s.id, by);
}

}  // namespace parley::h2
