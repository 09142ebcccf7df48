#include "h2/connection.hpp"

#include <algorithm>
#include <utility>

#include "h2/violations.hpp"
#include "semantics/name_tag.hpp"

// A connection's beginning, its streams, and what a fault costs.

namespace parley::h2 {

using engine::role;

connection::connection(engine::role role, const limits& caps, options how, time_point now)
    : limits_(caps), role_(role), options_(how), decoder_(&semantics::tag_of), encoder_(how.seed, caps.field_table),
      streams_(how.seed),
      receive_(default_window, static_cast<std::int64_t>(std::min<std::size_t>(caps.connection_receive_window, largest_window))),
      resets_(caps.resets, caps.budget_time), glitches_(caps.glitches, caps.budget_time), next_ours_(role == role::server ? 2 : 1),
      preface_due_(role == role::server), now_(now), frame_since_(now), block_since_(now), idle_since_(now) {
  write_preface();
}

connection::~connection() {
  streams_.for_each([this](stream& s) { turns_.remove(s.place); });
}

std::expected<connection::stream_id, engine::protocol_error> connection::upgraded(parley::method::id method,
                                                                                  std::string_view settings_payload,
                                                                                  time_point now) {
  now_ = now;
  if (is_server()) {
    if (settings_payload.size() % setting_size != 0) return std::unexpected(violation::bad_upgrade_settings);
    if (const auto* error = apply_settings(settings_payload)) return std::unexpected(*error);
  }
  // RFC 7540 §3.2: the request is whole, and stream 1 is half-closed on its client's side.
  stream& s = open_stream(1, is_server() ? stream_input::headers_in : stream_input::headers_out);
  s.method = method;
  s.told = true;
  if (is_server()) {
    highest_peers_ = 1;
    ++requests_;
    s.sending = send_phase::head;
    feed(s, stream_input::end_in);
  } else {
    next_ours_ = 3;
    s.sending = send_phase::ended;
    s.no_content = method == parley::method::id::head;
    feed(s, stream_input::end_out);
  }
  return 1;
}

// --- streams -----------------------------------------------------------------------------------------------------------------

stream& connection::open_stream(std::uint32_t id, stream_input how) {
  stream& s = streams_.open(id);
  s.send = send_window(theirs_.initial_window_size);
  const std::int64_t window = our_window_;
  s.receive = receive_window(window, window);
  s.window_opened = now_;
  turns_.reprioritise(s.place, usual_priority());
  ++(is_peers(id) ? peers_open_ : ours_open_);
  feed(s, how);
  return s;
}

void connection::feed(stream& s, stream_input input) {
  const stream_step next = step(s.state, input);
  if (next.next == s.state) return;
  if (watch_) [[unlikely]] {
    watch_(now_, s.id, engine::observed_state{"stream", name(s.state), name(next.next)});
  }
  s.state = next.next;
}

// Something about it has ended: is there still anything to wait for?
void connection::settle(stream& s) {
  if (!is_closed(s.state) || s.lost) return;
  if (s.state == stream_state::ended && s.receive.unread() > 0) return;  // its reader has not taken all of it
  remove(s);
}

void connection::remove(stream& s) {
  turns_.remove(s.place);
  queued_ -= s.content.size();
  if (data_stream_ == &s) data_stream_ = nullptr;
  // Nobody will give this credit back any more.
  if (s.receive.unread() > 0) credit_all_of(s);
  const std::uint32_t id = s.id;
  closed_.add(id, s.state);
  --(is_peers(id) ? peers_open_ : ours_open_);
  if (s.pushed && !is_server()) --pushes_open_;
  streams_.close(s);
  if (!streams_.empty()) return;
  idle_since_ = now_;
  rested_ = false;
  finish_if_drained();
}

// Nothing of our message leaves any more.
void connection::stop_sending(stream& s) {
  turns_.remove(s.place);
  queued_ -= s.content.size();
  s.content.clear();
  s.trailers.reset();
  s.end_queued = s.full = s.send_clock_runs = false;
  s.receive_clock_runs = false;
}

// RFC 9113 §5.4.2, §8.7: we give it up, and tell the peer.
void connection::abandon(stream& s, error_code code) {
  stop_sending(s);
  if (!is_closed(s.state)) {
    write_reset(s.id, code);
    feed(s, stream_input::reset_out);
  }
  if (s.receive.unread() > 0) credit_all_of(s);
}

engine::protocol_error connection::for_us(engine::protocol_error error) const {
  if (!is_server()) error.status = 502;  // for a proxy: the fault is the server's (RFC 9110 §15.6.3)
  return error;
}

// The stream is closed, or as good as: whoever has to do with it must hear it.
void connection::lose(stream& s, const engine::protocol_error& error, bool unprocessed) {
  if (s.told && !s.handed_over && !s.lost) {
    events_.push(engine::reset_event{s.id, for_us(error), unprocessed});
    s.lost = is_server();
  }
  settle(s);
}

// A fault of the peer, or its delay, that costs one stream.
void connection::fail_stream(stream& s, const engine::protocol_error& fault) {
  engine::protocol_error error = fault;
  watch_(now_, s.id, engine::observed_error{error});
  if (!resets_.spend(now_)) return fail(violation::too_many_resets);
  const bool answerable =
      is_server() && error.status != 0 && s.told && !s.handed_over && !s.lost && !s.refused && s.sending == send_phase::head;
  if (answerable) {
    // One final response may follow, or `reset`. What still comes is dropped.
    s.refused = s.discard = true;
    s.receive_clock_runs = false;
    events_.push(engine::reset_event{s.id, error});
    return;
  }
  error.status = 0;
  // Whoever counts hears of it also where no exchange is to be lost: there was none yet, or it is over for its owner.
  if (is_server() && (!s.told || s.handed_over)) events_.push(engine::reset_event{s.id, error});
  abandon(s, static_cast<error_code>(error.code));
  lose(s, error);
}

void connection::lose_all(const engine::protocol_error& error) {
  for (const std::uint32_t id : streams_.ids()) {
    stream& s = *streams_.find(id);
    stop_sending(s);
    if (s.told && !s.handed_over && !s.lost) {
      const bool unprocessed = !is_server() && !is_peers(id) && id > closing_.peers_last;
      events_.push(engine::reset_event{id, for_us(error), unprocessed});
    }
    if (!is_closed(s.state)) feed(s, stream_input::reset_out);
    s.lost = false;
    remove(s);
  }
}

// A fault that costs the connection (RFC 9113 §5.4.1).
void connection::fail(const engine::protocol_error& fault) {
  if (finished_) return;
  engine::protocol_error error = fault;
  error.status = is_server() ? 0 : 502;
  error_ = std::make_unique<engine::protocol_error>(error);
  watch_(now_, 0, engine::observed_error{error});
  finished_ = true;
  lose_all(error);
  // RFC 9113 §6.8: never a higher one than was said before.
  write_goaway(std::min(highest_peers_, closing_.last), static_cast<error_code>(error.code), error.name);
}

void connection::finish() {
  finished_ = true;
  block_ = {};
}

void connection::finish_if_drained() {
  if (finished_ || !streams_.empty()) return;
  // RFC 9113 §6.8: a client's GOAWAY is about pushes alone, further requests may follow it. One that names an error ends it here.
  const bool left = eof_seen_ || (closing_.peer && closing_.peers_code != 0);
  if (is_server() ? closing_.ours == closing::step::said || left : closing_.asked || closing_.peer) {
    if (closing_.ours != closing::step::said) {
      closing_.ours = closing::step::said;
      write_goaway(highest_peers_, error_code::no_error, {});
    }
    finish();
  }
}

std::size_t connection::memory() const {
  return decoder_.table().memory() + encoder_.memory() + block_.bytes.capacity() + streams_.memory() + closed_.memory() +
         early_priorities_.memory();
}

}  // namespace parley::h2
