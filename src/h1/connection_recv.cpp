#include <parley/status.hpp>

#include <algorithm>
#include <utility>

#include "h1/connection.hpp"
#include "h1/violations.hpp"

namespace parley::h1 {

using engine::role;
using access = parley::detail::fields_access;

// --- bytes in ----------------------------------------------------------------------------------------------------------------

std::size_t connection::receive(std::string_view bytes, time_point now) {
  now_ = now;
  std::size_t used = 0;
  while (used < bytes.size() && !blocked()) {
    const std::size_t n = receive_some(bytes.substr(used));
    if (n == 0) break;
    used += n;
  }
  unconsumed_ = bytes.size() - used;
  if (eof_ && !eof_seen_ && !blocked()) end_of_input();
  return used;
}

void connection::receive_eof(time_point now) {
  now_ = now;
  eof_ = true;
  // What was given and not yet taken comes first: it is given again when there is room for it.
  if (!eof_seen_ && (unconsumed_ == 0 || !blocked())) end_of_input();
}

bool connection::wants_read() const { return receiving_ != receive_state::closed && !blocked(); }

// How much content the application may still be given.
std::size_t connection::window() const {
  if (in_.discard) return SIZE_MAX;
  return in_.unread < limits_.receive_window ? static_cast<std::size_t>(limits_.receive_window - in_.unread) : 0;
}

bool connection::blocked() const {
  if (busy_ && busy_->events.size() >= max_waiting_events) return true;
  switch (receiving_) {
    case receive_state::start:
    case receive_state::head:
      // Responses that the peer does not take: it gets no more of them (a bound on pipelining).
      return role_ == role::server && queue_.size() >= limits_.send_window;
    case receive_state::content:
    case receive_state::until_close:
    case receive_state::tunnel: return window() == 0;
    case receive_state::waiting: return true;
    case receive_state::closed: return false;
  }
  return false;
}

void connection::consume(stream_id id, std::size_t n) {
  if (!has_exchange() || current().id != id) return;
  const bool was_full = window() == 0;
  in_.unread -= std::min<std::uint64_t>(n, in_.unread);
  if (was_full) content_clock_late_ = true;
}

std::size_t connection::receive_some(std::string_view bytes) {
  switch (receiving_) {
    case receive_state::start: return receive_start(bytes);
    case receive_state::head: return receive_head(bytes);
    case receive_state::content: return in_.content == body::chunked ? receive_chunked(bytes) : receive_content(bytes);
    case receive_state::until_close:
    case receive_state::tunnel: return receive_raw(bytes);
    case receive_state::waiting: return 0;
    case receive_state::closed: return bytes.size();
  }
  return 0;
}

// --- heads -------------------------------------------------------------------------------------------------------------------

std::size_t connection::receive_start(std::string_view bytes) {
  // RFC 9112 §2.2 for a request; §9.2 lets a client drop an empty line too.
  if (bytes[0] == '\r') {
    if (bytes.size() < 2) return 0;
    if (bytes[1] == '\n') {
      if (++empty_lines_ <= limits_.leading_empty_lines) return 2;
      fail(violation::too_many_empty_lines);
      return bytes.size();
    }
  }
  empty_lines_ = 0;
  if (role_ == role::client) {
    if (!has_exchange()) {
      fail(violation::unsolicited_response);
      return bytes.size();
    }
    if (current().version == parley::http0_9) {
      begin_simple_response();
      return receive_raw(bytes);
    }
  }
  head_since_ = now_;
  feed(receive_input::first_byte);
  const bool first = role_ == role::server && last_id_ == 0;
  parser().start(role_ == role::server ? head_kind::request : head_kind::response,
                 first && options_.allow_http09 && !options_.secure);
  return receive_head(bytes);
}

std::size_t connection::receive_head(std::string_view bytes) {
  head_parser::scratch room;
  switch (parser().parse(bytes, room)) {
    case head_parser::progress::incomplete: return 0;
    case head_parser::progress::failed: fail(parser().error()); return bytes.size();
    case head_parser::progress::complete: break;
  }
  const std::size_t size = parser().size();
  if (role_ == role::server) {
    take_request(bytes.substr(0, size));
  } else {
    take_response(bytes.substr(0, size));
  }
  parser().release();
  return size;
}

void connection::take_request(std::string_view text) {
  engine::event_queue& events = busy().events;
  auto& e = events.add<engine::request_event>();
  received_head meaning;
  if (const auto error = take_head(parser(), text, e.head, meaning)) {
    events.take_back();
    return fail(*error);
  }

  exchange& x = open_exchange();
  x.method = e.head.method.which();
  x.version = version_ = e.head.version;
  x.persistent = meaning.persistent;
  x.upgrade = meaning.upgrade;
  watch_(now_, x.id, engine::observed_head{engine::direction::in, &e.head, nullptr, text});
  feed(send_input::open);
  begin_content(meaning);
  e.id = x.id;
  e.ended = receiving_ == receive_state::waiting;
  e.expects_continue = meaning.expects_continue;
}

void connection::take_response(std::string_view text) {
  engine::response_event e{};
  take_head(parser(), text, e.head);
  exchange& x = current();
  e.id = x.id;
  version_ = e.head.version;
  watch_(now_, x.id, engine::observed_head{engine::direction::in, nullptr, &e.head, text});

  const int status = e.head.status;
  if (is_informational(status) && status != 101) {
    if (++x.interim > limits_.informational) return fail(violation::too_many_informational);
    feed(receive_input::interim_head);
    e.informational = true;
    tell(std::move(e));
    return;
  }
  if (status == 101 && !x.upgrade) return fail(violation::unexpected_upgrade);
  received_head meaning;
  if (const auto error = response_framing(e.head, parser().controls(), x.method, meaning)) return fail(*error);
  x.persistent = x.persistent && meaning.persistent;
  if (status == 101 || (x.method == parley::method::id::connect && status / 100 == 2)) {
    const stream_id id = x.id;
    tell(std::move(e));
    return detach(id);
  }
  begin_content(meaning);
  e.ended = receiving_ == receive_state::waiting;
  tell(std::move(e));
  if (receiving_ == receive_state::waiting) settle();
}

// RFC 1945 §4.1: the response to a simple request is nothing but content.
void connection::begin_simple_response() {
  exchange& x = current();
  x.persistent = false;
  version_ = parley::http0_9;
  engine::response_event e{};
  e.id = x.id;
  e.head.version = parley::http0_9;
  received_head meaning;
  meaning.content = body::until_close;
  begin_content(meaning);
  tell(std::move(e));
}

// --- content -----------------------------------------------------------------------------------------------------------------

void connection::begin_content(const received_head& meaning) {
  in_ = {};
  in_.content = meaning.content;
  in_.expects_continue = meaning.expects_continue;
  in_.remaining = meaning.length;
  start_content_clock();
  content_clock_late_ = false;
  switch (meaning.content) {
    case body::none:
      feed(receive_input::head_alone);
      watch_(now_, current().id, engine::observed_end{engine::direction::in});
      break;
    case body::until_close: feed(receive_input::head_until_close); break;
    case body::chunked: chunks_.start(); [[fallthrough]];
    case body::length: feed(receive_input::head_and_content); break;
  }
}

void connection::deliver(std::string_view data) {
  // After a wait for the application the peer gets the whole time again.
  if (std::exchange(content_clock_late_, false)) start_content_clock();
  content_clock_.progress(data.size(), now_, least_rate(limits_.receive_rate), limits_.stall_time);
  const stream_id id = current().id;
  watch_(now_, id, engine::observed_data{engine::direction::in, data.size()});
  if (in_.discard) {
    in_.discarded += data.size();
    if (in_.discarded > limits_.drain) fail(violation::drain_exceeded);
    return;
  }
  in_.unread += data.size();
  tell(engine::data_event{id, data});
}

std::size_t connection::receive_content(std::string_view bytes) {
  const std::uint64_t room = std::min<std::uint64_t>(bytes.size(), window());
  const auto n = static_cast<std::size_t>(std::min(room, in_.remaining));
  in_.remaining -= n;
  deliver(bytes.substr(0, n));
  if (in_.remaining == 0 && receiving_ == receive_state::content) message_complete();
  return n;
}

std::size_t connection::receive_chunked(std::string_view bytes) {
  if (in_.trailers) return receive_trailers(bytes);
  const auto r = chunks_.decode(bytes, window(), limits_);
  if (r.error != nullptr) {
    fail(*r.error);
    return bytes.size();
  }
  if (!r.data.empty()) deliver(r.data);
  if (r.ended) {
    in_.trailers = true;
    parser().start(head_kind::trailers);
  }
  return r.consumed;
}

std::size_t connection::receive_trailers(std::string_view bytes) {
  head_parser::scratch room;
  switch (parser().parse(bytes, room)) {
    case head_parser::progress::incomplete: return 0;
    case head_parser::progress::failed: fail(parser().error()); return bytes.size();
    case head_parser::progress::complete: break;
  }
  const std::size_t size = parser().size();
  if (!parser().slots().empty()) {
    engine::trailers_event e{.id = current().id, .trailers = {}};
    access::assign(e.trailers, bytes.substr(0, size), parser().slots());
    if (const auto error = check_trailers(e.trailers)) {
      fail(*error);
      return bytes.size();
    }
    watch_(now_, e.id, engine::observed_trailers{engine::direction::in, &e.trailers});
    if (!in_.discard) tell(std::move(e));
  }
  parser().release();
  message_complete();
  return size;
}

std::size_t connection::receive_raw(std::string_view bytes) {
  const std::size_t n = std::min(bytes.size(), window());
  deliver(bytes.substr(0, n));
  return n;
}

void connection::message_complete() {
  feed(receive_input::content_end);
  const stream_id id = current().id;
  watch_(now_, id, engine::observed_end{engine::direction::in});
  if (!in_.discard) tell(engine::complete_event{id});
  settle();
}

// --- the end -----------------------------------------------------------------------------------------------------------------

void connection::end_of_input() {
  eof_seen_ = true;
  if (role_ == role::client && receiving_ == receive_state::start && has_exchange()) {
    if (current().version != parley::http0_9) return fail(violation::closed_before_response);
    begin_simple_response();
  }
  const bool in_head = receiving_ == receive_state::head;
  const bool in_tunnel = receiving_ == receive_state::tunnel;
  switch (feed(receive_input::eof)) {
    case receive_action::finish: return end_connection();
    case receive_action::incomplete: return fail(in_head ? violation::incomplete_head : violation::incomplete_content);
    case receive_action::complete:
      watch_(now_, current().id, engine::observed_end{engine::direction::in});
      tell(engine::complete_event{current().id});
      if (!in_tunnel) return settle();
      if (sending_ == send_state::closed) close_exchange();
      return;
    default:
      if (role_ == role::client) settle();
      return;
  }
}

}  // namespace parley::h1
