#include "h3/connection.hpp"

#include <utility>

#include "h3/violations.hpp"
#include "semantics/name_tag.hpp"

// A connection's beginning, its streams, and what a fault costs.

namespace parley::h3 {

namespace {

fieldcode::qpack_decoder_limits table_of_peer(const limits& caps) {
  return {.table_capacity = std::min(caps.field_table, fieldcode::dynamic_table::largest_capacity),
          .blocked_streams = caps.blocked_streams};
}

fieldcode::qpack_encoder_limits table_of_ours(const limits& caps) {
  return {.table_capacity = std::min(caps.field_table, fieldcode::dynamic_table::largest_capacity)};
}

}  // namespace

connection::connection(engine::role role, const limits& caps, options how, time_point now)
    : limits_(caps), role_(role), options_(std::move(how)), decoder_(&semantics::tag_of, table_of_peer(caps)),
      encoder_(options_.seed, table_of_ours(caps)), streams_(options_.seed), control_place_(frame_place::control_start),
      resets_(caps.resets, caps.budget_time), glitches_(caps.glitches, caps.budget_time), pushes_(caps.pushes), now_(now),
      idle_since_(now) {
  for (std::uint64_t i = 0; i < 3; ++i) own_[static_cast<std::size_t>(i)].id = own_id(i);
}

connection::~connection() {
  streams_.for_each([this](stream& s) { turns_.remove(s.place); });
}

// --- starting ----------------------------------------------------------------------------------------------------------------

void connection::start(bool early, time_point now) {
  now_ = now;
  early_ = early;
  if (!early) settings_until_ = settings_seen_ ? never : now + limits_.settings_time;
  if (std::exchange(started_, true)) return;
  idle_since_ = now;
  if (early && options_.remembered) {
    // RFC 9114 §7.2.4.2: until the server's own have come. Its table is not used before, so that a refusal changes nothing.
    theirs_ = *options_.remembered;
    relied_on_remembered_ = true;
  }
  write_own_streams();
}

// Nothing of it was acknowledged, so all of it is there.
void connection::early_data_rejected(time_point now) {
  constexpr auto given_up = static_cast<std::uint64_t>(error_code::request_cancelled);
  now_ = now;
  if (relied_on_remembered_ && !settings_seen_) theirs_ = {};
  relied_on_remembered_ = false;
  // What was remembered of them counts no longer either: `stream_limits` says what does.
  bidirectional_limit_ = unidirectional_limit_ = 0;
  for (own_stream& o : own_) {
    o.output.rewind();
    o.window_shut = false;
  }
  for (const stream_id id : streams_.ids()) {
    stream& s = *streams_.find(id);
    const std::uint64_t before = s.output.unsent();
    held_ -= s.output.unacknowledged();
    s.output.rewind();
    count_queued(s, before);
    s.window_shut = false;
    if (s.out == way::ended) {
      s.out = way::open;
      s.end_queued = true;
    }
    // The transport has forgotten that it was given up, and opens it anew, since those behind it need it.
    if (s.out == way::stopped) actions_.emplace_back(engine::transport_action::reset{s.transport, given_up});
    if (s.in == way::stopped) actions_.emplace_back(engine::transport_action::stop{s.transport, given_up});
    schedule(s);
  }
}

void connection::stream_limits(std::uint64_t bidirectional, std::uint64_t unidirectional) {
  const std::uint64_t before = bidirectional_limit_;
  bidirectional_limit_ = std::max(bidirectional_limit_, bidirectional);
  unidirectional_limit_ = std::max(unidirectional_limit_, unidirectional);
  if (is_server() || bidirectional_limit_ == before || before >= next_request_) return;
  // Requests of refused early data, beyond what was allowed then.
  for (const stream_id id : streams_.ids()) schedule(*streams_.find(id));
}

// --- streams -----------------------------------------------------------------------------------------------------------------

stream& connection::open_stream(stream_id id) {
  stream& s = streams_.open(id);
  if (id < first_push) s.transport = engine::transport_of(id);
  s.pushed = id >= first_push;
  turns_.reprioritise(s.place, usual_priority());
  ++live_;
  if (peer_opened(s)) ++peers_live_;
  if (s.pushed) ++pushes_live_;
  return s;
}

stream* connection::find_transport(transport_stream id) {
  if ((id & 2) == 0) return streams_.find(engine::exchange_of(id));
  if (is_peers_unidirectional(id)) {
    const peer_stream* const u = find_unidirectional(id);
    return u != nullptr && u->kind == uni_kind::push && !u->waits ? streams_.find(u->exchange) : nullptr;
  }
  for (const own_push& p : own_pushes_) {
    if (p.id == id) return streams_.find(p.exchange);
  }
  return nullptr;
}

void connection::enter(stream& s, frame_place place) {
  if (s.place_in == place) return;
  if (watch_) [[unlikely]] {
    watch_(now_, s.id, engine::observed_state{"stream", name(s.place_in), name(place)});
  }
  s.place_in = place;
}

// Something about it has ended: is there still anything to wait for?
void connection::settle(stream& s) {
  const bool ours = s.out != way::open && s.output.empty();
  if (!s.over && ours && s.in != way::open && !s.lost && s.unread == 0 && !(s.pushed && s.in == way::none && s.out == way::none)) {
    s.over = true;
    s.receive_clock_runs = s.send_clock_runs = s.head_clock_runs = false;
    --live_;
    if (peer_opened(s)) --peers_live_;
    if (s.pushed) --pushes_live_;
  }
  if (!s.over) return;
  const bool idle_now = live_ == 0;
  if (s.closed) remove(s);
  if (!idle_now) return;
  rested_ = false;
  idle_since_ = now_;
  finish_if_drained();
}

void connection::remove(stream& s) {
  stop_sending(s);
  if (s.pushed && is_server()) std::erase_if(own_pushes_, [&](const own_push& p) { return p.exchange == s.id; });
  streams_.close(s);
}

void connection::stream_closed(transport_stream id, time_point now) {
  now_ = now;
  release_used();
  if (own_stream* const o = find_own(id)) {
    o->output.clear();
    o->over = true;
    return;
  }
  if ((id & 3) == 0) ++requests_closed_;
  stream* const s = find_transport(id);
  if (is_peers_unidirectional(id)) {
    peer_stream* const u = find_unidirectional(id);
    if (u != nullptr && u->waits) {  // all of it is here, its promise is not
      u->closed = true;
      return;
    }
    std::erase_if(uni_, [id](const peer_stream& each) { return each.id == id; });
  }
  if (s != nullptr) close_transport(*s);
}

// What is here of it and could not be read yet may still be.
void connection::close_transport(stream& s) {
  s.closed = true;
  const bool rest_is_here = s.in == way::open && s.all_came;
  const bool cut = (s.in == way::open && !rest_is_here) || s.out == way::open;
  stop_sending(s);
  if (s.out == way::open) s.out = way::stopped;
  if (cut) {
    if (s.in == way::open) s.in = way::stopped;
    s.waiting.reset();
    if (!finished_) lose(s, violation::stream_reset);
  }
  settle(s);
}

// Nothing of our message leaves any more.
void connection::stop_sending(stream& s) {
  turns_.remove(s.place);
  queued_ -= s.output.unsent();
  held_ -= s.output.unacknowledged();
  s.output.clear();
  s.end_queued = s.full = s.send_clock_runs = false;
}

void connection::stop_reading(stream& s, error_code code) {
  s.receive_clock_runs = s.head_clock_runs = false;
  if (s.in == way::open) {
    s.in = s.all_came ? way::ended : way::stopped;
    if (!finished_) {
      if (!s.all_came) actions_.emplace_back(engine::transport_action::stop{s.transport, static_cast<std::uint64_t>(code)});
      decoder_.cancel(s.transport);  // RFC 9204 §2.2.2.2
    }
  }
  if (s.waiting != nullptr) {
    credit(s.transport, s.waiting->bytes.size());
    s.waiting.reset();
  }
  s.partial.reset();
}

// RFC 9114 §4.1.1: we give it up, and tell the peer.
void connection::abandon(stream& s, error_code code) {
  stop_sending(s);
  if (s.out == way::open) {
    s.out = way::stopped;
    if (!finished_) actions_.emplace_back(engine::transport_action::reset{s.transport, static_cast<std::uint64_t>(code)});
    // RFC 9114 §7.2.3: the stream may be gone before it has said whose it is.
    if (!finished_ && s.pushed) write_control_id(frame_type::cancel_push, s.id - first_push);
  }
  if (s.pushed && !is_server() && s.in == way::none) {
    cancel_push(s);
  } else {
    stop_reading(s, code);
  }
  const std::uint64_t owed = std::exchange(s.unread, 0) - std::exchange(s.aside, 0);
  unread_ -= owed;
  credit(s.transport, owed);
}

engine::protocol_error connection::for_us(engine::protocol_error error) const {
  if (!is_server()) error.status = 502;  // for a proxy: the fault is the server's (RFC 9110 §15.6.3)
  return error;
}

// The stream is closed, or as good as: whoever has to do with it must hear it. `settle` is to follow.
void connection::lose(stream& s, const engine::protocol_error& error, bool unprocessed) {
  if (!s.told || s.handed_over || s.lost) return;
  events_.push(engine::reset_event{s.id, for_us(error), unprocessed});
  s.lost = is_server();
  if (!is_server()) s.told = false;
}

// It was never taken up.
void connection::reject(stream& s, const engine::protocol_error& error) {
  watch_(now_, s.id, engine::observed_error{error});
  if (!resets_.spend(now_)) return fail(violation::too_many_resets);
  if (is_server()) events_.push(engine::reset_event{s.id, error});
  abandon(s, static_cast<error_code>(error.code));
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
    s.receive_clock_runs = s.head_clock_runs = false;
    events_.push(engine::reset_event{s.id, error});
    return;
  }
  error.status = 0;
  // Whoever counts hears of it also where no exchange is to be lost: there was none yet, or it is over for its owner.
  if (is_server() && (!s.told || s.handed_over)) events_.push(engine::reset_event{s.id, error});
  abandon(s, static_cast<error_code>(error.code));
  lose(s, error);
  settle(s);
}

void connection::lose_all(const engine::protocol_error& error) {
  for (const stream_id id : streams_.ids()) {
    stream& s = *streams_.find(id);
    const bool unprocessed = !is_server() && !s.pushed && s.transport >= closing_.peers_id;
    lose(s, error, unprocessed);
    stop_sending(s);
    s.receive_clock_runs = s.head_clock_runs = false;
    s.partial.reset();
  }
  for (own_stream& o : own_) o.output.clear();
}

// A fault that costs the connection (RFC 9114 §8).
void connection::fail(const engine::protocol_error& fault) {
  if (finished_) return;
  engine::protocol_error error = fault;
  error.status = is_server() ? 0 : 502;
  error_ = std::make_unique<engine::protocol_error>(error);
  watch_(now_, 0, engine::observed_error{error});
  finished_ = true;
  lose_all(error);
  finish(static_cast<error_code>(error.code), error.name);
}

void connection::transport_closed(const engine::protocol_error& why, time_point now) {
  now_ = now;
  if (finished_) return;
  if (why.code != 0 && why.code != static_cast<std::uint32_t>(error_code::no_error)) {
    error_ = std::make_unique<engine::protocol_error>(why);
  }
  finished_ = true;
  lose_all(why);
}

void connection::finish(error_code code, std::string_view reason) {
  finished_ = true;
  actions_.emplace_back(engine::transport_action::close{static_cast<std::uint64_t>(code), std::string(reason)});
}

void connection::finish_if_drained() {
  if (finished_ || live_ > 0) return;
  // RFC 9114 §5.2: a client's GOAWAY is about pushes alone. Its requests come in any order, so it is the client that ends the connection, or
  // the idle time.
  if (is_server() ? closing_.ours == closing::step::said : closing_.asked || closing_.peer) {
    finish(error_code::no_error, {});
  }
}

std::size_t connection::memory() const {
  return decoder_.memory() + encoder_.memory() + (again_ != nullptr ? again_->memory() : 0) + streams_.memory() +
         uni_.capacity() * sizeof(peer_stream) + control_partial_.capacity() +
         actions_.capacity() * sizeof(engine::any_transport_action);
}

}  // namespace parley::h3
