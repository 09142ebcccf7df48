#include <parley/status.hpp>

#include <algorithm>
#include <utility>

#include "h2/connection.hpp"
#include "h2/message_faults.hpp"
#include "h2/violations.hpp"
#include "semantics/priority.hpp"
#include "semantics/pseudo.hpp"

// Field blocks: HEADERS, PUSH_PROMISE and CONTINUATION, and the heads and trailers in them.

namespace parley::h2 {

namespace {

// Takes the padding off (RFC 9113 §6.2, §6.6); false when there is more of it than payload.
bool strip_padding(const frame_header& h, std::string_view& payload, std::size_t least) {
  if (!h.has(flag::padded)) return payload.size() >= least;
  if (payload.empty()) return false;
  const auto padding = static_cast<unsigned char>(payload[0]);
  payload.remove_prefix(1);
  if (payload.size() < padding + least) return false;
  payload.remove_suffix(padding);
  return true;
}

}  // namespace

// --- frames ------------------------------------------------------------------------------------------------------------------

void connection::on_headers(const frame_header& h, std::string_view payload) {
  const std::size_t priority = h.has(flag::priority) ? 5 : 0;  // RFC 7540's, which means nothing any more
  if (!strip_padding(h, payload, priority)) {
    const bool short_of_it = !h.has(flag::padded) || payload.empty();
    return fail(short_of_it ? violation::bad_frame_size : violation::bad_padding);
  }
  if (priority > 0 && (load_u32(payload.data()) & largest_stream_id) == h.stream) return fail(violation::self_dependency);
  payload.remove_prefix(priority);
  begin_block(h, 0, payload);
}

void connection::on_push_promise(const frame_header& h, std::string_view payload) {
  if (is_server()) return fail(violation::push_from_client);
  if (!options_.push) return fail(violation::push_disabled);
  if (!strip_padding(h, payload, 4)) return fail(h.has(flag::padded) ? violation::bad_padding : violation::bad_frame_size);
  const std::uint32_t promised = load_u32(payload.data()) & largest_stream_id;
  payload.remove_prefix(4);
  if (promised == 0 || promised % 2 != 0 || promised <= highest_peers_) return fail(violation::bad_promised_stream);
  begin_block(h, promised, payload);
}

void connection::begin_block(const frame_header& h, std::uint32_t promised, std::string_view fragment) {
  if (h.has(flag::end_headers)) [[likely]] {
    return take_block(
        {h.stream, promised, h.type == frame_type::headers && h.has(flag::end_stream), fragment, frame_header_size + h.length});
  }
  block_.stream = h.stream;
  block_.promised = promised;
  block_.flags = h.type == frame_type::headers ? h.flags : std::uint8_t{0};
  block_.continuations = 0;
  block_.bytes.assign(fragment);
  block_since_ = now_;
}

void connection::on_continuation(const frame_header& h, std::string_view payload) {
  // Before anything is decoded (RFC 9113 §10.5.1).
  if (++block_.continuations > limits_.continuations) return fail(violation::too_many_continuations);
  if (block_.bytes.size() + payload.size() > std::max<std::size_t>(limits_.head, default_frame_size)) {
    return fail(violation::block_too_large);
  }
  block_.bytes.append(payload);
  if (!h.has(flag::end_headers)) return;
  const std::string bytes = std::exchange(block_.bytes, {});
  const std::uint64_t wire = bytes.size() + frame_header_size * (1 + std::uint64_t{block_.continuations});
  const std::uint32_t id = std::exchange(block_.stream, 0);
  take_block({id, block_.promised, (block_.flags & flag::end_stream) != 0, bytes, wire});
}

// --- blocks ------------------------------------------------------------------------------------------------------------------

template <class Section>
connection::decoded connection::decode(std::string_view block, Section& section) {
  bool too_long = false;
  const auto sink = [&](const fieldcode::decoded_field& f) {
    too_long = too_long || f.too_large;
    section.add(f.tag, f.name, f.value);
  };
  if (decoder_.decode(block, limits_.field_line, sink)) return too_long ? decoded::line_too_long : decoded::whole;
  fail(violation::bad_field_block);
  return decoded::failed;
}
// For the file of pushes too: where this one has it inline, there would be none to link to.
template connection::decoded connection::decode(std::string_view, semantics::request_fields&);

// For the table's sake (RFC 9113 §4.3).
bool connection::drop_block(std::string_view block) {
  if (decoder_.decode(block, 0, [](const fieldcode::decoded_field&) {})) return true;
  fail(violation::bad_field_block);
  return false;
}

void connection::take_block(const whole_block& b) {
  stream* const s = streams_.find(b.stream);
  if (b.promised != 0) return take_promise(s, b);
  if (s == nullptr && is_server() && b.stream > highest_peers_) [[likely]] {
    if (!is_peers(b.stream)) return fail(violation::wrong_stream);
    return take_request(b);
  }
  if (s == nullptr && is_server() && is_peers(b.stream) && closed_.find(b.stream) == stream_state::idle) {
    return fail(violation::stream_id_not_higher);
  }
  if (s == nullptr && state_of(s, b.stream) == stream_state::idle) return fail(violation::wrong_stream);
  if (!allowed(s, b.stream, stream_input::headers_in)) {
    if (!finished_) static_cast<void>(drop_block(b.bytes));
    return;
  }
  if (is_server() || s->final_head) return take_trailers(*s, b);
  take_response(*s, b);
}

// --- requests ----------------------------------------------------------------------------------------------------------------

// Nothing was done with it: it may be sent again (RFC 9113 §8.7).
void connection::refuse_stream(std::uint32_t id, const engine::protocol_error& error) {
  watch_(now_, id, engine::observed_error{error});
  if (!resets_.spend(now_)) return fail(violation::too_many_resets);
  write_reset(id, static_cast<error_code>(error.code));
  closed_.add(id, stream_state::reset_local);
  if (is_server()) events_.push(engine::reset_event{id, error});
}

void connection::take_request(const whole_block& b) {
  const bool too_late = b.stream > closing_.last;  // RFC 9113 §6.8: after our GOAWAY it is ignored
  if (too_late || peers_open_ >= limits_.streams) {
    if (!drop_block(b.bytes)) return;
    highest_peers_ = b.stream;
    if (too_late) return;
    return refuse_stream(b.stream, violation::too_many_streams);
  }
  const semantics::request_rules rules{parley::version::http2, options_.extended_connect,
                                       options_.any_scheme ? ""
                                       : options_.secure   ? "https"
                                                           : "http"};
  semantics::request_fields section(semantics::section_caps::of_head(limits_, head_room_), rules);
  const decoded how = decode(b.bytes, section);
  if (how == decoded::failed) return;
  highest_peers_ = b.stream;
  stream& s = open_stream(b.stream, stream_input::headers_in);
  s.sending = send_phase::head;
  if (b.end_stream) feed(s, stream_input::end_in);
  if (how == decoded::line_too_long) return malformed_message(s, semantics::fault::field_line_too_long);
  auto head = section.finish();
  if (!head) return malformed_message(s, head.error());

  // A peer's heads resemble each other; one large head makes no others large.
  head_room_ =
      static_cast<std::uint32_t>(std::min(parley::detail::fields_access::used(head->fields), semantics::section_caps::usual_head));
  const semantics::section_facts& facts = section.facts();
  s.method = head->method.which();
  s.connect = s.method == parley::method::id::connect;
  if (!s.connect) s.expected = facts.content_length;
  if (facts.has_priority) priorities_known_ = true;
  semantics::priority priority = usual_priority();
  if (facts.has_priority) priority = semantics::priority_of(head->fields);
  if (const auto updated = early_priorities_.take(b.stream)) priority = *updated;
  turns_.reprioritise(s.place, priority);
  if (watch_) [[unlikely]] {
    watch_(now_, s.id, engine::observed_head{engine::direction::in, &*head, nullptr, {}, b.wire_size});
    if (b.end_stream) watch_(now_, s.id, engine::observed_end{engine::direction::in});
  }
  if (b.end_stream && s.expected.value_or(0) != 0) return fail_stream(s, violation::length_mismatch);
  s.told = true;
  s.expects_continue = facts.expects_continue && !b.end_stream && !s.connect;
  if (!b.end_stream && !s.connect && !s.expects_continue) start_receive_clock(s);
  // Of a CONNECT the request is whole; what follows is the tunnel's (RFC 9113 §8.5).
  events_.push(engine::request_event{s.id, std::move(*head), b.end_stream || s.connect, s.expects_continue});
  if (++requests_ == limits_.requests_per_connection) close_gracefully(now_);
}

void connection::malformed_message(stream& s, const semantics::malformed& fault) {
  const engine::protocol_error error = stream_error(fault);
  if (s.told || error.status == 0 || !is_server()) return fail_stream(s, error);
  watch_(now_, s.id, engine::observed_error{error});
  if (!resets_.spend(now_)) return fail(violation::too_many_resets);
  // No request event comes; one final response may be sent, or `reset`.
  s.refused = s.discard = true;
  events_.push(engine::reset_event{s.id, error});
}

// --- responses ---------------------------------------------------------------------------------------------------------------

void connection::take_response(stream& s, const whole_block& b) {
  semantics::response_fields section(semantics::section_caps::of_head(limits_), parley::version::http2);
  const decoded how = decode(b.bytes, section);
  if (how == decoded::failed) return;
  if (how == decoded::line_too_long) return malformed_message(s, semantics::fault::field_line_too_long);
  if (s.state == stream_state::reserved_remote) feed(s, stream_input::headers_in);
  auto head = section.finish();
  if (!head) return malformed_message(s, head.error());
  const int status = head->status;
  watch_(now_, s.id, engine::observed_head{engine::direction::in, nullptr, &*head, {}, b.wire_size});
  const auto tell = [&](bool ended, bool informational) {
    if (s.told) events_.push(engine::response_event{s.id, std::move(*head), ended, informational});
  };
  if (is_informational(status)) {
    if (b.end_stream) return fail_stream(s, violation::interim_with_end);
    if (++s.interim > limits_.informational) return fail_stream(s, violation::too_many_informational);
    return tell(false, true);
  }
  s.final_head = true;
  if (s.connect && status / 100 == 2) {
    if (b.end_stream) return fail_stream(s, violation::content_not_allowed);
    s.tunnel = true;
    tell(false, false);
    events_.push(engine::detached_event{s.id});
    return;
  }
  // A CONNECT that was refused has nothing more to say.
  if (s.connect && s.sending == send_phase::content) {
    s.sending = send_phase::ended;
    write_end(s);
    message_sent(s);
  }
  s.no_content = s.no_content || s.method == parley::method::id::head || status == 204 || status == 304;
  if (!s.no_content) s.expected = section.facts().content_length;
  if (b.end_stream && s.expected.value_or(0) != 0) return fail_stream(s, violation::length_mismatch);
  tell(b.end_stream, false);
  if (b.end_stream) return message_received(s, false);
  start_receive_clock(s);
}

// --- trailers ----------------------------------------------------------------------------------------------------------------

void connection::take_trailers(stream& s, const whole_block& b) {
  semantics::trailer_fields section(semantics::section_caps::of_trailers(limits_));
  const decoded how = decode(b.bytes, section);
  if (how == decoded::failed) return;
  if (!b.end_stream) return fail_stream(s, violation::trailers_without_end);
  if (s.tunnel || s.connect) return fail_stream(s, violation::frame_in_tunnel);
  if (how == decoded::line_too_long) return malformed_message(s, semantics::fault::field_line_too_long);
  auto trailers = section.finish();
  if (!trailers) return malformed_message(s, trailers.error());
  if (s.expected.value_or(0) != 0) return fail_stream(s, violation::length_mismatch);
  watch_(now_, s.id, engine::observed_trailers{engine::direction::in, &*trailers});
  if (s.told && !s.discard && !trailers->empty()) events_.push(engine::trailers_event{s.id, std::move(*trailers)});
  message_received(s, true);
}

}  // namespace parley::h2
