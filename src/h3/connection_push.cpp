#include <algorithm>
#include <utility>

#include "h3/connection.hpp"
#include "h3/message_faults.hpp"
#include "h3/violations.hpp"
#include "semantics/priority.hpp"
#include "semantics/pseudo.hpp"
#include "semantics/pseudo_send.hpp"

// Pushed responses, at both ends (RFC 9114 §4.6).

namespace parley::h3 {

namespace {

// Stands for the fields of a promise, so that a second one with the same id can be compared (RFC 9114 §7.2.5).
std::uint64_t mark_of(const parley::fields& f, std::string_view method, std::string_view target) {
  std::uint64_t mark = 0xcbf29ce484222325;
  const auto add = [&mark](std::string_view text) {
    for (const char c : text) mark = (mark ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    mark = (mark ^ 0x100) * 0x100000001b3;
  };
  add(method);
  add(target);
  for (const auto& line : f) {
    add(line.name);
    add(line.value);
  }
  return mark;
}

}  // namespace

// --- at a server ---------------------------------------------------------------------------------------------------------------

bool connection::can_push(stream_id parent) const {
  if (!is_server() || finished_ || closing_.under_way() || next_push_ >= push_limit_ || pushes_live_ >= limits_.pushes)
    return false;
  if (next_unidirectional_ >= unidirectional_limit_) return false;
  const stream* const s = streams_.find(parent);
  // RFC 9114 §7.2.5: on a request's stream, while our response goes on; not within the frame that holds all of its content.
  return s != nullptr && !s->pushed && !s->lost && !s->refused && !s->tunnel && s->out == way::open &&
         s->sending != send_phase::ended && s->sending != send_phase::none && !(s->framed && s->promised.value_or(0) > 0);
}

std::expected<connection::stream_id, connection::misuse> connection::push(stream_id parent, const semantics::request_head& promised,
                                                                          time_point now) {
  now_ = now;
  if (!can_push(parent)) return std::unexpected(misuse::push_refused);
  // RFC 9114 §4.6.
  if (!promised.method.safe() || !promised.method.cacheable()) return std::unexpected(misuse::bad_request);
  if (semantics::request_pseudo_fields(promised, "https").result != semantics::sendable::ok) {
    return std::unexpected(misuse::bad_request);
  }
  stream& from = *streams_.find(parent);
  static_cast<void>(write_request(from, promised, std::nullopt, frame_type::push_promise, next_push_));
  schedule(from);
  stream& s = open_stream(first_push + next_push_);
  s.transport = own_id(next_unidirectional_++);
  s.out = way::open;
  s.method = promised.method.which();
  s.told = true;
  s.sending = send_phase::head;
  own_pushes_.push_back({s.transport, s.id});
  turns_.reprioritise(s.place, semantics::priority_of(promised.fields, usual_priority()));
  char head[1 + most_varint_bytes];
  head[0] = static_cast<char>(stream_type::push);
  const char* const end = write_varint(head + 1, next_push_++);
  const std::uint64_t before = s.output.unsent();
  s.output.copy({head, static_cast<std::size_t>(end - head)});
  count_queued(s, before);
  return s.id;
}

// --- at a client ---------------------------------------------------------------------------------------------------------------

// RFC 9114 §7.2.7: more when half of them are used up.
void connection::allow_pushes() {
  const std::uint64_t end = pushes_.end();
  if (!options_.push || finished_ || closing_.under_way() || limits_.pushes == 0) return;
  if (pushes_.announced != 0 && end - pushes_.announced < (limits_.pushes + 1) / 2) return;
  pushes_.announced = end;
  write_control_id(frame_type::max_push_id, end - 1);
}

// A promise whose stream has not come is given up.
void connection::cancel_push(stream& s) {
  s.in = way::stopped;
  s.closed = true;
  if (finished_) return;
  write_control_id(frame_type::cancel_push, s.id - first_push);
  pushes_.set_cancelled(s.id - first_push);
  allow_pushes();
}

void connection::take_promise(stream& parent, const section_in& in) {
  const std::uint64_t push_id = in.push_id;
  if (push_id >= pushes_.announced) return fail(violation::push_id_too_high);
  const semantics::request_rules rules{parley::version::http3, false, "https"};
  semantics::request_fields section(semantics::section_caps::of_head(limits_), rules);
  const decoded how = decode(parent, in, section, limits_.head);
  if (how == decoded::failed || how == decoded::blocked) return;
  next_push_ = std::max(next_push_, push_id + 1);
  stream* const again = streams_.find(first_push + push_id);
  if (again == nullptr && (push_id < pushes_.base() || pushes_.cancelled(push_id))) {
    static_cast<void>(glitch());  // it was given up, or is over
    return;
  }
  const bool unwanted = push_id >= closing_.refused || !parent.told;
  std::expected<semantics::request_head, semantics::malformed> head = std::unexpected(semantics::fault::head_too_large);
  if (how == decoded::whole) head = section.finish();
  const std::uint64_t mark = head ? mark_of(head->fields, head->method.name(), head->target()) : 0;
  if (again != nullptr) {
    // RFC 9114 §7.2.5: the same promise may come on several streams, and must be the same.
    if (mark != again->promise_mark) return fail(violation::promise_differs);
    static_cast<void>(glitch());
    return;
  }
  stream& s = open_stream(first_push + push_id);
  s.place_in = frame_place::pushed_head;
  s.promise_mark = mark;
  if (pushes_live_ > limits_.pushes || unwanted) {
    abandon(s, error_code::request_cancelled);
    return settle(s);
  }
  if (!head) return malformed_message(s, head.error());
  s.method = head->method.which();
  watch_(now_, parent.id, engine::observed_push{engine::direction::in, s.id, &*head});
  if (!head->method.safe() || !head->method.cacheable() || section.facts().content_length.value_or(0) != 0) {
    return fail_stream(s, violation::bad_promise);
  }
  s.no_content = s.method == parley::method::id::head;
  s.told = true;
  events_.push(engine::push_event{parent.id, s.id, std::move(*head)});
  for (peer_stream& u : uni_) {
    if (u.waits && u.exchange == s.id) return attach_push(s, u);
  }
}

// The type and the push id of a push stream are known.
void connection::begin_push_stream(std::size_t at, std::uint64_t push_id) {
  peer_stream& u = uni_[at];
  if (push_id >= pushes_.announced) return fail(violation::push_id_too_high);
  if (pushes_.streamed(push_id)) return fail(violation::push_id_used_twice);
  for (const peer_stream& other : uni_) {
    if (&other != &u && other.kind == uni_kind::push && other.exchange == first_push + push_id) {
      return fail(violation::push_id_used_twice);
    }
  }
  // It was given up before (RFC 9114 §7.2.3).
  if (push_id < pushes_.base() || pushes_.cancelled(push_id)) return ignore_stream(u, error_code::request_cancelled);
  u.kind = uni_kind::push;
  u.exchange = first_push + push_id;
  if (stream* const s = streams_.find(u.exchange)) return attach_push(*s, u);
  // RFC 9114 §4.6: it may come before its promise.
  u.waits = true;
  u.until = now_ + limits_.blocked_time;
  watch_from(u.until);
}

void connection::attach_push(stream& s, peer_stream& u) {
  pushes_.set_streamed(s.id - first_push);
  allow_pushes();
  u.waits = false;
  s.transport = u.id;
  s.in = way::open;
  const bool closed = u.closed;
  base::buffer kept = std::move(u.bytes);
  if (!kept.empty() || u.fin) {
    take_bytes(s, kept.readable(), u.fin);
    used_.push_back(std::move(kept));
  }
  if (!closed || finished_) return;
  std::erase_if(uni_, [&s](const peer_stream& each) { return each.id == s.transport; });
  close_transport(s);
}

// The pushed response on that stream, also where the transport has done with the stream.
stream* connection::find_pushed(transport_stream id) {
  stream* found = nullptr;
  streams_.for_each([&](stream& s) {
    if (s.pushed && s.transport == id) found = &s;
  });
  return found;
}

}  // namespace parley::h3
