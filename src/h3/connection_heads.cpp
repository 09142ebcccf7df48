#include <parley/status.hpp>

#include <algorithm>
#include <utility>

#include "h3/connection.hpp"
#include "h3/message_faults.hpp"
#include "h3/violations.hpp"
#include "semantics/priority.hpp"
#include "semantics/pseudo.hpp"

// Field sections: heads and trailers (RFC 9114 §4.1, §4.2), and those that wait for entries of the table (RFC 9204 §2.1.2).

namespace parley::h3 {

namespace {
constexpr std::uint32_t most_frames_earned = 1'000;
}  // namespace

// --- sections ------------------------------------------------------------------------------------------------------------------

template <class Section>
connection::decoded connection::decode(stream& s, const section_in& in, Section& section, std::size_t longest_section) {
  bool too_long = false;
  const auto sink = [&](const fieldcode::decoded_field& f) {
    too_long = too_long || f.too_large;
    section.add(f.tag, f.name, f.value);
  };
  // The section counts for itself; here only what it has refused for long ends.
  const fieldcode::section_limits most{.longest = limits_.field_line, .size = longest_section + limits_.field_line + 64};
  const auto done = decoder_.decode(s.transport, in.bytes, most, sink);
  if (!done) {
    fail(connection_error(done.error()));
    return decoded::failed;
  }
  if (done->state == fieldcode::section_state::blocked) {
    keep_blocked(s, in);
    return decoded::blocked;
  }
  if (done->state == fieldcode::section_state::too_large) return decoded::too_large;
  return too_long ? decoded::line_too_long : decoded::whole;
}
// For the file of pushes too: where this one has it inline, there would be none to link to.
template connection::decoded connection::decode(stream&, const section_in&, semantics::request_fields&, std::size_t);

void connection::take_section(stream& s, const section_in& in) {
  if (in.type == frame_type::push_promise) return take_promise(s, in);
  if (!head_due(s.place_in)) return take_trailers(s, in);
  return is_server() ? take_request(s, in) : take_response(s, in);
}

// True: there is nothing to go on with.
bool connection::refuse_section(stream& s, decoded how) {
  if (how == decoded::failed || how == decoded::blocked) return true;
  s.head_clock_runs = false;
  earned_ = std::min(earned_ + 2, most_frames_earned);
  if (how == decoded::whole) return false;
  const bool trailers = !head_due(s.place_in);
  if (how == decoded::line_too_long) {
    malformed_message(s, semantics::fault::field_line_too_long);
  } else {
    malformed_message(s, trailers ? semantics::fault::trailers_too_large : semantics::fault::head_too_large);
  }
  return true;
}

void connection::malformed_message(stream& s, const semantics::malformed& fault) {
  const engine::protocol_error error = stream_error(fault);
  if (s.told || error.status == 0 || !is_server()) return fail_stream(s, error);
  watch_(now_, s.id, engine::observed_error{error});
  if (!resets_.spend(now_)) return fail(violation::too_many_resets);
  // No request event comes; one final response may be sent, or `reset`.
  s.refused = s.discard = true;
  s.head_clock_runs = false;
  events_.push(engine::reset_event{s.id, error});
}

void connection::keep_blocked(stream& s, const section_in& in) {
  s.waiting = std::make_unique<waiting_bytes>();
  s.waiting->section.append(in.bytes);
  s.waiting->type = in.type;
  s.waiting->push_id = in.push_id;
  s.waiting->wire_size = in.wire_size;
  s.waiting->fin = in.last;
  start_head_clock(s, limits_.blocked_time);
}

void connection::unblock(transport_stream id) {
  stream* const s = (id & 2) == 0 ? streams_.find(engine::exchange_of(id)) : find_pushed(id);
  if (s != nullptr && s->blocked()) resume(*s, std::move(s->waiting));
}

void connection::resume(stream& s, std::unique_ptr<waiting_bytes> kept) {
  s.head_clock_runs = false;
  const std::string_view behind_it = kept->bytes.readable();
  const section_in in{kept->type, kept->section.readable(), kept->push_id, kept->fin && behind_it.empty(), kept->wire_size};
  const bool closed = std::exchange(s.closed, false);  // it stays while it is read
  take_section(s, in);
  if (!finished_) take_bytes(s, behind_it, kept->fin);
  used_.push_back(std::move(kept->bytes));
  s.closed = closed;
  if (!finished_) settle(s);
}

// --- requests ----------------------------------------------------------------------------------------------------------------

void connection::take_request(stream& s, const section_in& in) {
  const semantics::request_rules rules{parley::version::http3, options_.extended_connect, options_.any_scheme ? "" : "https"};
  semantics::request_fields section(semantics::section_caps::of_head(limits_), rules);
  if (refuse_section(s, decode(s, in, section, limits_.head))) return;
  auto head = section.finish();
  if (!head) return malformed_message(s, head.error());

  const semantics::section_facts& facts = section.facts();
  s.method = head->method.which();
  s.connect = s.method == parley::method::id::connect;
  s.datagrams = s.connect && options_.datagrams && !head->protocol().empty();
  enter(s, s.connect ? frame_place::tunnel : frame_place::request_content);
  if (!s.connect) s.expected = facts.content_length;
  if (facts.has_priority) priorities_known_ = true;
  semantics::priority priority = usual_priority();
  if (facts.has_priority) priority = semantics::priority_of(head->fields);
  if (const auto updated = early_priorities_.take(s.transport)) priority = *updated;
  turns_.reprioritise(s.place, priority);
  if (watch_) [[unlikely]] {
    watch_(now_, s.id,
           engine::observed_head{engine::direction::in, &*head, nullptr, {}, in.wire_size + std::exchange(instructions_in_, 0)});
  }
  if (in.last && s.expected.value_or(0) != 0) {
    s.in = way::ended;
    return fail_stream(s, violation::length_mismatch);
  }
  s.told = true;
  s.expects_continue = facts.expects_continue && !in.last && !s.connect;
  if (!in.last && !s.connect && !s.expects_continue) start_receive_clock(s);
  // Of a CONNECT the request is whole; what follows is the tunnel's (RFC 9114 §4.4).
  events_.push(engine::request_event{s.id, std::move(*head), in.last || s.connect, s.expects_continue});
  if (in.last) message_received(s, false);
  if (++requests_ == limits_.requests_per_connection) close_gracefully(now_);
}

// --- responses ---------------------------------------------------------------------------------------------------------------

void connection::take_response(stream& s, const section_in& in) {
  semantics::response_fields section(semantics::section_caps::of_head(limits_), parley::version::http3);
  if (refuse_section(s, decode(s, in, section, limits_.head))) return;
  auto head = section.finish();
  if (!head) return malformed_message(s, head.error());
  const int status = head->status;
  if (watch_) [[unlikely]] {
    // What an interim response brings along for the table mostly belongs to the final one, which follows at once.
    const std::uint64_t table = is_informational(status) ? 0 : std::exchange(instructions_in_, 0);
    watch_(now_, s.id, engine::observed_head{engine::direction::in, nullptr, &*head, {}, in.wire_size + table});
  }
  const auto tell = [&](bool ended, bool informational) {
    if (s.told) events_.push(engine::response_event{s.id, std::move(*head), ended, informational});
  };
  if (is_informational(status)) {
    if (++s.interim > limits_.informational) return fail_stream(s, violation::too_many_informational);
    return tell(false, true);
  }
  if (s.connect && status / 100 == 2) {
    enter(s, frame_place::tunnel);
    s.tunnel = true;
    tell(false, false);
    events_.push(engine::detached_event{s.id});
    return;
  }
  enter(s, behind(s.place_in));
  // A CONNECT that was refused has nothing more to say.
  if (s.connect && s.sending == send_phase::content) {
    s.sending = send_phase::ended;
    end_output(s);
  }
  s.no_content = s.no_content || s.method == parley::method::id::head || status == 204 || status == 304;
  if (!s.no_content) s.expected = section.facts().content_length;
  if (in.last && s.expected.value_or(0) != 0) {
    s.in = way::ended;
    return fail_stream(s, violation::length_mismatch);
  }
  tell(in.last, false);
  if (in.last) return message_received(s, false);
  start_receive_clock(s);
}

// --- trailers ----------------------------------------------------------------------------------------------------------------

void connection::take_trailers(stream& s, const section_in& in) {
  semantics::trailer_fields section(semantics::section_caps::of_trailers(limits_));
  if (refuse_section(s, decode(s, in, section, limits_.trailers))) return;
  enter(s, behind(s.place_in));
  auto trailers = section.finish();
  if (!trailers) return malformed_message(s, trailers.error());
  if (s.expected.value_or(0) != 0) return fail_stream(s, violation::length_mismatch);
  watch_(now_, s.id, engine::observed_trailers{engine::direction::in, &*trailers});
  if (s.told && !s.discard && !trailers->empty()) events_.push(engine::trailers_event{s.id, std::move(*trailers)});
}

}  // namespace parley::h3
