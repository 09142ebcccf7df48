#include <parley/status.hpp>

#include <utility>

#include "h3/connection.hpp"
#include "semantics/priority.hpp"
#include "semantics/pseudo_send.hpp"

// Messages out.

namespace parley::h3 {

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
  stream* const s = streams_.find(id);
  if (s != nullptr && !s->lost && (s->out != way::stopped || s->unheard)) return s;
  if (finished_) return refusal(misuse::closing);
  bool gone = false;  // it was there, and was sent to its end
  if (s == nullptr && id >= first_push) {
    gone = id - first_push < next_push_;
  } else if (s == nullptr && id % 4 == 1) {
    gone = is_server() ? engine::transport_of(id) < requests_end_ : engine::transport_of(id) / 4 < next_request_;
  }
  return refusal(gone ? misuse::after_end : misuse::unknown_stream);
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
  write_response(s, head, length_to_say(length));
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
    if (s.in == way::open) start_receive_clock(s);
  }
  write_response(s, head, std::nullopt);
  schedule(s);
  return {};
}

// RFC 9114 §4.4, RFC 9220 §3.
std::expected<void, connection::misuse> connection::send_tunnel(stream& s, const semantics::response_head& head) {
  if (s.refused) return refusal(misuse::bad_status);
  write_response(s, head, std::nullopt);
  s.sending = send_phase::content;
  s.tunnel = true;
  schedule(s);
  events_.push(engine::detached_event{s.id});
  return {};
}

// The head of a message is queued; with it the whole, if it `ends` there.
void connection::head_sent(stream& s, content_length length, bool ends) {
  s.sending = send_phase::content;
  const bool known = length.what == content_length::kind::known;
  s.promised = known ? std::optional(length.bytes) : std::nullopt;
  if (!ends) return schedule(s);
  message_handed_over(s);
  end_output(s);
}

// --- requests ----------------------------------------------------------------------------------------------------------------

std::expected<connection::stream_id, connection::misuse> connection::send_request(const semantics::request_head& head,
                                                                                  content_length length, time_point now) {
  now_ = now;
  if (is_server()) return refusal(misuse::bad_request);
  if (finished_ || closing_.under_way()) return refusal(misuse::closing);
  if (request_room() == 0) return refusal(misuse::too_many_streams);
  const auto method = head.method.which();
  const bool connect = method == parley::method::id::connect;
  // RFC 9110 §9.3.6, §9.3.8.
  if ((connect || method == parley::method::id::trace) && with_content(length)) return refusal(misuse::content_not_allowed);
  // RFC 9220 §3: only to a server that has said so.
  if (!head.protocol().empty() && !theirs_.enable_connect_protocol) return refusal(misuse::bad_request);
  if (semantics::request_pseudo_fields(head, "https").result != semantics::sendable::ok) return refusal(misuse::bad_request);
  auto said = length_to_say(length);
  // RFC 9110 §8.6: a Content-Length of 0 says that content was possible and there is none.
  if (length.what == content_length::kind::none && expects_content(method)) said = 0;
  // RFC 9114 §4.2.2: advisory, but what is above it would come back as an error that tells less.
  if (theirs_.max_field_section_size != largest_varint) {
    std::uint64_t listed = 0;
    static_cast<void>(semantics::for_each_request_field(
        head, "https", said,
        [&](semantics::name_tag, std::string_view name, std::string_view value) { listed += name.size() + value.size() + 32; }));
    if (listed > theirs_.max_field_section_size) return refusal(misuse::fields_too_large);
  }
  const bool ends = !connect && !with_content(length);
  stream& s = open_stream(engine::exchange_of(next_request_ * 4));
  ++next_request_;
  ++requests_;
  s.in = s.out = way::open;
  s.place_in = frame_place::response_head;
  s.method = method;
  s.connect = connect;
  s.datagrams = connect && options_.datagrams && !head.protocol().empty();
  s.told = true;
  static_cast<void>(write_request(s, head, said, frame_type::headers, 0));
  if (connect) length = content_length::stream();
  const stream_id id = s.id;
  head_sent(s, length, ends);
  return id;
}

std::size_t connection::request_room() const {
  if (is_server() || !started_ || finished_ || closing_.under_way()) return 0;
  return bidirectional_limit_ > next_request_ ? static_cast<std::size_t>(bidirectional_limit_ - next_request_) : 0;
}

// --- content -----------------------------------------------------------------------------------------------------------------

std::expected<bool, connection::misuse> connection::send_data(stream_id id, engine::chunk&& data, time_point now) {
  now_ = now;
  const auto found = sending_to(id);
  if (!found) return refusal(found.error());
  stream& s = **found;
  if (s.sending == send_phase::head || s.sending == send_phase::none) return refusal(misuse::head_not_sent);
  if (s.sending == send_phase::ended) return refusal(misuse::after_end);
  if (s.unheard) return true;
  if (std::holds_alternative<engine::chunk::file>(data.content)) {
    reset(id, now);
    return refusal(misuse::content_not_allowed);
  }
  const std::uint64_t size = data.size();
  if (s.promised && size > *s.promised) {
    reset(id, now);
    return refusal(misuse::length_exceeded);
  }
  if (size > 0) {
    watch_(now_, id, engine::observed_data{engine::direction::out, size});
    // One frame for all of it, where its length is known.
    if (!s.framed) write_data_header(s, s.promised.value_or(size));
    s.framed = s.promised.has_value();
    if (s.promised) *s.promised -= size;
    const std::uint64_t before = s.output.unsent();
    s.output.append(std::move(data));
    count_queued(s, before);
    schedule(s);
  }
  s.full = !has_room(s);
  any_full_ = any_full_ || s.full;
  return !s.full;
}

std::expected<void, connection::misuse> connection::send_end(stream_id id, const parley::fields* trailers, time_point now) {
  now_ = now;
  stream* const lost = streams_.find(id);
  if (lost != nullptr && lost->lost) {  // the owner lets go of it
    lost->lost = false;
    settle(*lost);
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
  if (s.unheard) {
    s.sending = send_phase::ended;
    s.unheard = false;
    return {};
  }
  if (s.promised.value_or(0) > 0) {
    reset(id, now);
    return refusal(misuse::length_short);
  }
  message_handed_over(s);
  if (trailers != nullptr && !trailers->empty() && !s.tunnel) write_trailers(s, *trailers);
  end_output(s);
  return {};
}

// The application has said all; from a server nothing more is told of it.
void connection::message_handed_over(stream& s) {
  s.sending = send_phase::ended;
  s.full = false;
  if (!is_server()) return;
  // A tunnel's other direction may go on.
  if (s.tunnel && s.in == way::open) return;
  s.handed_over = true;
  if (s.in != way::open) return;
  s.discard = true;
  s.receive_clock_runs = false;
}

// Our direction ends behind what is queued.
void connection::end_output(stream& s) {
  s.end_queued = true;
  schedule(s);
}

// Its end has left.
void connection::message_sent(stream& s) {
  s.send_clock_runs = false;
  s.out = way::ended;
  watch_(now_, s.id, engine::observed_end{engine::direction::out, true});
  // RFC 9114 §4.1: the response is whole, so the rest of the request is of no use.
  if (s.handed_over && s.in == way::open) stop_reading(s, error_code::no_error);
  settle(s);
}

}  // namespace parley::h3
