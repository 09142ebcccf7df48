#include <parley/status.hpp>

#include <utility>

#include "h2/connection.hpp"
#include "semantics/priority.hpp"
#include "semantics/pseudo_send.hpp"

// Messages out.

namespace parley::h2 {

using engine::content_length;
using engine::misuse;

namespace {

std::unexpected<misuse> refusal(misuse why) { return std::unexpected(why); }

bool with_content(content_length length) {
  return length.what == content_length::kind::unknown || (length.what == content_length::kind::known && length.bytes > 0);
}

std::optional<std::uint64_t> length_to_say(content_length length) {
  if (length.what != content_length::kind::known) return std::nullopt;
  return length.bytes;
}

bool expects_content(parley::method::id method) {
  using id = parley::method::id;
  return method == id::post || method == id::put || method == id::patch;
}

}  // namespace

// --- responses ---------------------------------------------------------------------------------------------------------------

std::expected<stream*, connection::misuse> connection::sending_to(stream_id id) {
  stream* const s = id <= largest_stream_id ? streams_.find(static_cast<std::uint32_t>(id)) : nullptr;
  if (s == nullptr || s->lost) {
    if (finished_) return refusal(misuse::closing);
    const bool whole =
        s == nullptr && id <= largest_stream_id && closed_.find(static_cast<std::uint32_t>(id)) == stream_state::ended;
    return refusal(whole ? misuse::after_end : misuse::unknown_stream);
  }
  return s;
}

std::expected<void, connection::misuse> connection::send_response(stream_id id, const semantics::response_head& head,
                                                                  content_length length, time_point now) {
  now_ = now;
  if (!is_server()) return refusal(misuse::unknown_stream);
  const auto found = sending_to(id);
  if (!found) return refusal(found.error());
  stream& s = **found;
  if (s.sending != send_phase::head) return refusal(misuse::head_already_sent);
  const int status = head.status;
  if (status < 100 || status > 999 || status == 101) return refusal(misuse::bad_status);
  // RFC 9110 §15.2, §15.3.5, §15.3.6.
  if ((is_informational(status) || status == 204 || status == 205) && with_content(length)) {
    return refusal(misuse::content_not_allowed);
  }
  if (is_informational(status)) return send_interim(s, head);
  if (s.connect && status / 100 == 2) {
    return with_content(length) ? refusal(misuse::content_not_allowed) : send_tunnel(s, head);
  }
  const bool head_only = s.method == parley::method::id::head || status == 204 || status == 304;
  const bool ends = head_only || !with_content(length);
  if (status == 204) length = content_length::no_content();
  const frame_header h{
      .length = 0, .type = frame_type::headers, .flags = ends ? flag::end_stream : std::uint8_t{0}, .stream = s.id};
  if (write_response(head, length_to_say(length), h) != semantics::sendable::ok) return refusal(misuse::bad_status);
  if (s.state == stream_state::reserved_local) feed(s, stream_input::headers_out);
  // RFC 9218 §8: what the server itself says of its response.
  if (!ends && parley::detail::fields_access::find(head.fields, semantics::field_id::priority) != nullptr) [[unlikely]] {
    turns_.reprioritise(s.place, semantics::priority_of(head.fields, s.place.priority()));
  }
  head_sent(s, length, ends);
  return {};
}

std::expected<void, connection::misuse> connection::send_interim(stream& s, const semantics::response_head& head) {
  if (s.refused) return {};
  if (head.status == 100 && s.expects_continue) {
    s.expects_continue = false;
    if (can_receive(s.state)) start_receive_clock(s);
  }
  const frame_header h{.length = 0, .type = frame_type::headers, .flags = 0, .stream = s.id};
  static_cast<void>(write_response(head, std::nullopt, h));
  return {};
}

// RFC 9113 §8.5, RFC 8441 §4.
std::expected<void, connection::misuse> connection::send_tunnel(stream& s, const semantics::response_head& head) {
  if (s.refused) return refusal(misuse::bad_status);
  const frame_header h{.length = 0, .type = frame_type::headers, .flags = 0, .stream = s.id};
  if (write_response(head, std::nullopt, h) != semantics::sendable::ok) return refusal(misuse::bad_status);
  s.sending = send_phase::content;
  s.tunnel = true;
  events_.push(engine::detached_event{s.id});
  return {};
}

// The head of a message has gone; with it the whole, if it `ends` there.
void connection::head_sent(stream& s, content_length length, bool ends) {
  s.sending = send_phase::content;
  s.promised = length.what == content_length::kind::known ? std::optional(length.bytes) : std::nullopt;
  if (!ends) return;
  message_handed_over(s);
  message_sent(s);
}

// --- requests ----------------------------------------------------------------------------------------------------------------

std::expected<connection::stream_id, connection::misuse> connection::send_request(const semantics::request_head& head,
                                                                                  content_length length, time_point now) {
  now_ = now;
  if (is_server()) return refusal(misuse::bad_request);
  if (finished_ || closing_.under_way() || next_ours_ > largest_stream_id) return refusal(misuse::closing);
  if (request_room() == 0) return refusal(misuse::too_many_streams);
  const auto method = head.method.which();
  const bool connect = method == parley::method::id::connect;
  // RFC 9110 §9.3.6, §9.3.8.
  if ((connect || method == parley::method::id::trace) && with_content(length)) return refusal(misuse::content_not_allowed);
  // RFC 8441 §3: only to a server that has said so.
  if (!head.protocol().empty() && !theirs_.enable_connect_protocol) return refusal(misuse::bad_request);
  auto said = length_to_say(length);
  // RFC 9110 §8.6: a Content-Length of 0 says that content was possible and there is none.
  if (length.what == content_length::kind::none && expects_content(method)) said = 0;
  const bool ends = !connect && !with_content(length);
  const std::uint32_t id = next_ours_;
  const frame_header h{.length = 0, .type = frame_type::headers, .flags = ends ? flag::end_stream : std::uint8_t{0}, .stream = id};
  if (const auto result = write_request(head, said, h, 0); result != semantics::sendable::ok) {
    return refusal(result == semantics::sendable::too_large ? misuse::fields_too_large : misuse::bad_request);
  }
  next_ours_ += 2;
  ++requests_;
  stream& s = open_stream(id, stream_input::headers_out);
  s.method = method;
  s.connect = connect;
  s.told = true;
  if (connect) length = content_length::stream();
  head_sent(s, length, ends);
  return id;
}

std::size_t connection::request_room() const {
  if (is_server() || finished_ || closing_.under_way() || next_ours_ > largest_stream_id) return 0;
  // RFC 9113 §6.5.2: unlimited until the peer says otherwise; but it will, and then what is above it would be refused.
  const std::uint32_t most = theirs_.max_concurrent_said ? theirs_.max_concurrent_streams : assumed_streams;
  return most > ours_open_ ? most - ours_open_ : 0;
}

// --- content -----------------------------------------------------------------------------------------------------------------

std::expected<bool, connection::misuse> connection::send_data(stream_id id, engine::chunk&& data, time_point now) {
  now_ = now;
  const auto found = sending_to(id);
  if (!found) {
    stream* const s = streams_.find(static_cast<std::uint32_t>(id));
    if (s != nullptr && s->unheard) return true;
    return refusal(found.error());
  }
  stream& s = **found;
  if (s.sending == send_phase::head || s.sending == send_phase::none) return refusal(misuse::head_not_sent);
  if (s.sending == send_phase::ended) return refusal(misuse::after_end);
  const std::uint64_t size = data.size();
  if (s.promised) {
    if (size > *s.promised) {
      reset(id, now);
      return refusal(misuse::length_exceeded);
    }
    *s.promised -= size;
  }
  if (size > 0) {
    watch_(now_, id, engine::observed_data{engine::direction::out, size});
    send_content(s, std::move(data), size);
  }
  s.full = !has_room(s);
  any_full_ = any_full_ || s.full;
  return !s.full;
}

std::expected<void, connection::misuse> connection::send_end(stream_id id, const parley::fields* trailers, time_point now) {
  now_ = now;
  stream* const lost = id <= largest_stream_id ? streams_.find(static_cast<std::uint32_t>(id)) : nullptr;
  if (lost != nullptr && lost->lost) {  // the owner lets go of it
    const bool unheard = lost->unheard;
    lost->lost = false;
    settle(*lost);
    if (unheard) return {};
    return refusal(misuse::unknown_stream);
  }
  const auto found = sending_to(id);
  if (!found) {
    if (found.error() == misuse::after_end) return {};
    return refusal(found.error());
  }
  stream& s = **found;
  if (s.sending == send_phase::ended) return {};
  if (s.sending != send_phase::content) return refusal(misuse::head_not_sent);
  if (s.promised.value_or(0) > 0) {
    reset(id, now);
    return refusal(misuse::length_short);
  }
  const bool with_trailers = trailers != nullptr && !trailers->empty() && !s.tunnel;
  message_handed_over(s);
  if (!s.content.empty()) {
    s.end_queued = true;
    if (with_trailers) s.trailers = std::make_unique<parley::fields>(*trailers);
    return {};
  }
  if (with_trailers) {
    write_trailers(s, *trailers);
  } else {
    write_end(s);
  }
  message_sent(s);
  return {};
}

// The application has said all; from a server nothing more is told of it.
void connection::message_handed_over(stream& s) {
  s.sending = send_phase::ended;
  s.full = false;
  if (!is_server()) return;
  // A tunnel's other direction may go on.
  if (s.tunnel && can_receive(s.state)) return;
  s.handed_over = true;
  if (!can_receive(s.state)) return;
  s.discard = true;
  s.receive_clock_runs = false;
}

// The END_STREAM flag has gone.
void connection::message_sent(stream& s) {
  s.send_clock_runs = false;
  watch_(now_, s.id, engine::observed_end{engine::direction::out});
  feed(s, stream_input::end_out);
  // RFC 9113 §8.1: the response is whole, so the rest of the request is of no use.
  if (s.handed_over && s.state == stream_state::half_closed_local) {
    if (may_linger(s)) return linger(s);
    abandon(s, error_code::no_error);
  }
  settle(s);
}

// Little of the request has come, and as far as it says little is to come. Not for a peer that waits for us, or whose fault was answered;
// nor within a frame, when its credit is given back piece by piece. The stream's window is not opened any more.
bool connection::may_linger(const stream& s) const {
  if (s.refused || s.connect || s.expects_continue || closing_.ours == closing::step::said || data_stream_ == &s) return false;
  const std::int64_t most = std::min<std::int64_t>(default_frame_size, s.receive.target() / 2);
  return s.receive.target() - s.receive.left() <= most && s.expected.value_or(0) <= default_frame_size;
}

void connection::linger(stream& s) {
  s.lingers = true;
  s.linger_until = now_ + limits_.linger_time;
  watch_from(s.linger_until);
  if (s.receive.unread() > 0) credit_all_of(s);
}

void connection::stop_request(stream& s) {
  abandon(s, error_code::no_error);
  settle(s);
}

}  // namespace parley::h2
