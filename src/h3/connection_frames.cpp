#include <algorithm>
#include <utility>

#include "h3/connection.hpp"
#include "h3/message_faults.hpp"
#include "h3/violations.hpp"
#include "semantics/priority.hpp"

// The frames of the peer's control stream: SETTINGS, GOAWAY, pushes, priorities (RFC 9114 §7.2).

namespace parley::h3 {

// A frame that brings nothing forward; false when there were too many of them (RFC 9114 §10.5).
bool connection::glitch() {
  if (earned_ > 0) {
    --earned_;
    return true;
  }
  if (glitches_.spend(now_)) return true;
  fail(violation::too_many_glitches);
  return false;
}

void connection::on_control_frame(frame_type type, std::string_view payload) {
  switch (type) {
    case frame_type::settings: return on_settings(payload);
    case frame_type::goaway: return on_goaway(payload);
    case frame_type::max_push_id: return on_max_push_id(payload);
    case frame_type::cancel_push: return on_cancel_push(payload);
    case frame_type::priority_update:
    case frame_type::priority_update_push: return on_priority_update(type, payload);
    default: return;
  }
}

// RFC 9114 §7.1: one integer, and nothing behind it.
bool connection::read_only_id(std::string_view payload, std::uint64_t& id) {
  if (read_varint(payload, id) && payload.empty()) return true;
  fail(violation::bad_frame_content);
  return false;
}

// --- SETTINGS --------------------------------------------------------------------------------------------------------------------

void connection::on_settings(std::string_view payload) {
  settings said;
  if (const auto* wrong = read_settings(said, payload)) return fail(*wrong);
  if (relied_on_remembered_) {
    if (const auto* wrong = check_remembered(theirs_, said)) return fail(*wrong);
  }
  theirs_ = said;
  settings_seen_ = true;
  settings_until_ = never;
  control_place_ = is_server() ? frame_place::control_of_client : frame_place::control_of_server;
  if (const auto set = encoder_.set_peer_limits(said.qpack_max_table_capacity, said.qpack_blocked_streams); !set) {
    fail(connection_error(set.error()));
  }
}

// --- GOAWAY ----------------------------------------------------------------------------------------------------------------------

void connection::on_goaway(std::string_view payload) {
  std::uint64_t id = 0;
  if (!read_only_id(payload, id)) return;
  // RFC 9114 §7.2.6: a server names a client's request stream, a client a push id.
  if (!is_server() && id % 4 != 0) return fail(violation::bad_goaway_id);
  if (closing_.peer && id > closing_.peers_id) return fail(violation::goaway_rises);
  if (closing_.peer && !glitch()) return;
  const bool first = !std::exchange(closing_.peer, true);
  closing_.peers_id = id;
  if (is_server()) {
    // The pushes from this one on are not wanted.
    if (first) events_.push(engine::goaway_event{id == 0 ? 0 : first_push + id - 1});
    for (const stream_id each : streams_.ids()) {
      stream* const s = streams_.find(each);
      if (each < first_push + id || s == nullptr || s->over) continue;
      abandon(*s, error_code::request_cancelled);
      lose(*s, violation::not_processed);
      settle(*s);
    }
    return;
  }
  if (first || id != last_request_stream) events_.push(engine::goaway_event{id < 4 ? 0 : engine::exchange_of(id - 4)});
  for (const stream_id each : streams_.ids()) {
    stream* const s = streams_.find(each);
    if (s == nullptr || s->pushed || s->transport < id || s->over) continue;
    abandon(*s, error_code::request_cancelled);
    lose(*s, violation::not_processed, true);
    settle(*s);
  }
  finish_if_drained();
}

// --- pushes ------------------------------------------------------------------------------------------------------------------------

void connection::on_max_push_id(std::string_view payload) {
  std::uint64_t id = 0;
  if (!read_only_id(payload, id)) return;
  // RFC 9114 §7.2.7: it may stay as it is, and must not fall.
  if (id + 1 < push_limit_) return fail(violation::max_push_id_falls);
  if (id + 1 == push_limit_ && !glitch()) return;
  push_limit_ = id + 1;
}

void connection::on_cancel_push(std::string_view payload) {
  std::uint64_t id = 0;
  if (!read_only_id(payload, id)) return;
  if (is_server()) {
    // RFC 9114 §7.2.3: neither above what is allowed nor before its promise.
    if (id >= next_push_) return fail(violation::push_id_not_promised);
    if (!resets_.spend(now_)) return fail(violation::too_many_resets);
    stream* const s = streams_.find(first_push + id);
    if (s == nullptr || s->over || s->out != way::open) return;
    engine::protocol_error error = violation::stream_reset;
    error.code = static_cast<std::uint32_t>(error_code::request_cancelled);
    error.message = reset_sentence(error.code);
    abandon(*s, error_code::request_cancelled);
    lose(*s, error);
    return settle(*s);
  }
  if (id >= pushes_.announced) return fail(violation::push_id_too_high);
  if (!glitch()) return;
  stream* const s = streams_.find(first_push + id);
  if (s == nullptr || s->over) {
    pushes_.set_cancelled(id);
    return allow_pushes();
  }
  if (s->in != way::none) return;  // RFC 9114 §7.2.3: its stream has begun, which says all
  s->in = way::stopped;
  s->closed = true;
  lose(*s, violation::push_cancelled);
  pushes_.set_cancelled(id);
  settle(*s);
  allow_pushes();
}

// --- priorities ----------------------------------------------------------------------------------------------------------------------

// RFC 9218 §7.2.
void connection::on_priority_update(frame_type type, std::string_view payload) {
  std::uint64_t id = 0;
  if (!read_varint(payload, id)) return fail(violation::bad_frame_content);
  const bool push = type == frame_type::priority_update_push;
  if (push ? id >= next_push_ : id % 4 != 0) return fail(violation::bad_priority_element);
  // Beyond what the transport has granted by now.
  if (!push && options_.request_streams != 0 && id / 4 >= options_.request_streams + requests_closed_) {
    return fail(violation::bad_priority_element);
  }
  if (!glitch()) return;
  const auto value = semantics::parse_priority(payload);
  if (!value) return;  // a server may ignore what is no dictionary
  priorities_known_ = true;
  stream* const s = streams_.find(push ? first_push + id : engine::exchange_of(id));
  if (s != nullptr) turns_.reprioritise(s->place, *value);
  // Until its head is read, which says something older. No more of them wait than there may be streams.
  if (!push && (s == nullptr || head_due(s->place_in))) early_priorities_.put(id, *value, limits_.streams);
}

}  // namespace parley::h3
