#include "h2/connection.hpp"
#include "h2/violations.hpp"
#include "semantics/priority.hpp"
#include "semantics/pseudo.hpp"
#include "semantics/pseudo_send.hpp"

// Pushed responses, at both ends (RFC 9113 §8.4).

namespace parley::h2 {

// --- at a server ---------------------------------------------------------------------------------------------------------------

bool connection::can_push(stream_id parent) const {
  if (!is_server() || finished_ || closing_.under_way() || !theirs_.enable_push || next_ours_ > largest_stream_id) return false;
  if (ours_open_ >= limits_.pushes || ours_open_ >= theirs_.max_concurrent_streams) return false;
  const stream* const s = parent <= largest_stream_id ? streams_.find(static_cast<std::uint32_t>(parent)) : nullptr;
  // RFC 9113 §6.6, §8.4: on a stream of the client's, while our response goes on.
  return s != nullptr && is_peers(s->id) && !s->lost && !s->refused && !s->tunnel && can_send(s->state) &&
         s->sending != send_phase::ended;
}

std::expected<connection::stream_id, connection::misuse> connection::push(stream_id parent, const semantics::request_head& promised,
                                                                          time_point now) {
  now_ = now;
  if (!can_push(parent)) return std::unexpected(misuse::push_refused);
  // RFC 9113 §8.4.1.
  if (!promised.method.safe() || !promised.method.cacheable()) return std::unexpected(misuse::bad_request);
  const std::uint32_t id = next_ours_;
  const frame_header h{.length = 0, .type = frame_type::push_promise, .flags = 0, .stream = static_cast<std::uint32_t>(parent)};
  if (write_request(promised, std::nullopt, h, id) != semantics::sendable::ok) return std::unexpected(misuse::bad_request);
  next_ours_ += 2;
  stream& s = open_stream(id, stream_input::promised_out);
  s.method = promised.method.which();
  s.told = s.pushed = true;
  s.sending = send_phase::head;
  turns_.reprioritise(s.place, semantics::priority_of(promised.fields, usual_priority()));
  return id;
}

// --- at a client ---------------------------------------------------------------------------------------------------------------

void connection::take_promise(stream* parent, const whole_block& b) {
  const bool here = allowed(parent, b.stream, stream_input::promise_in);
  if (finished_) return;
  highest_peers_ = b.promised;
  if (!here || parent->lost || !parent->told) {
    // RFC 9113 §5.1: of a stream that we have reset; the promise stands, and is refused.
    if (drop_block(b.bytes)) {
      write_reset(b.promised, error_code::cancel);
      closed_.add(b.promised, stream_state::reset_local);
    }
    return;
  }
  if (pushes_open_ >= limits_.pushes) {
    if (drop_block(b.bytes)) refuse_stream(b.promised, violation::too_many_pushes);
    return;
  }
  const semantics::request_rules rules{parley::version::http2, false, options_.secure ? "https" : "http"};
  semantics::request_fields section(semantics::section_caps::of_head(limits_), rules);
  const decoded how = decode(b.bytes, section);
  if (how == decoded::failed) return;
  stream& s = open_stream(b.promised, stream_input::promised_in);
  s.pushed = true;
  ++pushes_open_;
  if (how == decoded::line_too_long) return malformed_message(s, semantics::fault::field_line_too_long);
  auto head = section.finish();
  if (!head) return malformed_message(s, head.error());
  s.method = head->method.which();
  watch_(now_, b.stream, engine::observed_push{engine::direction::in, b.promised, &*head});
  if (!head->method.safe() || !head->method.cacheable() || section.facts().content_length.value_or(0) != 0) {
    return fail_stream(s, violation::bad_promise);
  }
  s.told = true;
  events_.push(engine::push_event{b.stream, s.id, std::move(*head)});
}

}  // namespace parley::h2
