#include <parley/status.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/scan.hpp"
#include "h1/connection.hpp"
#include "semantics/connection_options.hpp"

namespace parley::h1 {

using engine::content_length;
using engine::role;
using access = parley::detail::fields_access;
using method_id = parley::method::id;

namespace {

std::unexpected<engine::misuse> refuse(engine::misuse why) { return std::unexpected(why); }

bool has_bytes(content_length length) {
  return length.what == content_length::kind::unknown || (length.what == content_length::kind::known && length.bytes > 0);
}

bool has_upgrade(const parley::fields& f) { return access::find(f, semantics::field_id::upgrade) != nullptr; }

// RFC 9110 §8.6: a Content-Length of 0 says that content was possible and there is none.
bool anticipates_content(method_id method) {
  return method == method_id::post || method == method_id::put || method == method_id::patch;
}

}  // namespace

// --- responses ---------------------------------------------------------------------------------------------------------------

std::expected<void, connection::misuse> connection::send_response(stream_id id, const semantics::response_head& head,
                                                                  content_length length, time_point now) {
  now_ = now;
  exchange* const x = role_ == role::server ? find(id) : nullptr;
  if (x == nullptr) return refuse(sending_ == send_state::closed ? misuse::closing : misuse::unknown_stream);
  if (auto checked = check_response(*x, head.status, length); !checked) return checked;
  if (head.status == 101) return send_switch(*x, head);
  if (is_informational(head.status)) return send_interim(*x, head);
  return send_final(*x, head, length);
}

std::expected<void, connection::misuse> connection::check_response(const exchange& x, int status, content_length length) const {
  const send_step s = step(sending_, send_input::head_alone);
  if (!s.allowed) return refuse(s.why);
  if (status < 100 || status > 999) return refuse(misuse::bad_status);
  // RFC 9110 §15.2, §15.3.5, §15.3.6; the bytes behind a 2xx for CONNECT are the tunnel's.
  const bool never = is_informational(status) || status == 204 || status == 205;
  const bool tunnel = x.method == method_id::connect && status / 100 == 2;
  if ((never || tunnel) && has_bytes(length)) return refuse(misuse::content_not_allowed);
  return {};
}

std::expected<void, connection::misuse> connection::send_interim(exchange& x, const semantics::response_head& head) {
  // RFC 9110 §15.2: HTTP/1.0 has no interim responses.
  if (x.version < parley::http1_1 || x.refused) return {};
  if (head.status == 100 && in_.expects_continue) {
    in_.expects_continue = false;
    start_content_clock();
  }
  queue_head(x.id, head, {.upgrade = has_upgrade(head.fields)});
  feed(send_input::interim_head);
  return {};
}

// RFC 9110 §7.8: to a protocol that the client offered, once its request is whole.
std::expected<void, connection::misuse> connection::send_switch(exchange& x, const semantics::response_head& head) {
  if (!x.upgrade || x.refused || receiving_ != receive_state::waiting || !has_upgrade(head.fields))
    return refuse(misuse::bad_status);
  queue_head(x.id, head, {.upgrade = true});
  detach(x.id);
  return {};
}

// RFC 9112 §9.3: what the request wished, as far as both sides can still follow where messages end.
bool connection::keeps_alive(const exchange& x, const semantics::response_head& head) const {
  if (!x.persistent || x.refused || closing_ || receiving_ == receive_state::closed) return false;
  if (x.id >= limits_.requests_per_connection || asks_to_close(head.fields)) return false;
  // RFC 9110 §10.1.1: without a 100 nobody can tell whether the content comes or the next request.
  return !(in_.expects_continue && receiving_ == receive_state::content);
}

std::expected<void, connection::misuse> connection::send_final(exchange& x, const semantics::response_head& head,
                                                               content_length length) {
  using kind = content_length::kind;
  const int status = head.status;
  head_framing f{.upgrade = x.version >= parley::http1_1 && has_upgrade(head.fields)};
  if (x.method == method_id::connect && status / 100 == 2) {
    if (x.refused || receiving_ != receive_state::waiting) return refuse(misuse::bad_status);
    queue_head(x.id, head, f);
    detach(x.id);
    return {};
  }

  const bool head_only = x.method == method_id::head || status == 204 || status == 304;
  if (!head_only && length.what == kind::unknown) {
    f.content = x.version >= parley::http1_1 ? sent_body::chunked : sent_body::until_close;
  } else if (length.what == kind::known ? status != 204 : !head_only) {
    f.length_field = true;
    f.length = length.bytes;
    if (!head_only && length.bytes > 0) f.content = sent_body::length;
  }
  if (x.version == parley::http0_9 && f.content != sent_body::none) f.content = sent_body::until_close;
  x.persistent = f.content != sent_body::until_close && keeps_alive(x, head);
  // RFC 9112 §9.6: an error that leaves more unread than is worth receiving ends the connection, and says so.
  if (x.persistent && status >= 400 && receiving_ == receive_state::content && in_.content == body::length &&
      in_.remaining > limits_.drain) {
    in_.given_up = true;
    x.persistent = false;
  }
  f.close = !x.persistent;
  f.keep_alive = x.persistent && x.version < parley::http1_1;

  if (x.version != parley::http0_9) queue_head(x.id, head, f);
  out_ = {.id = x.id, .remaining = f.length, .content = f.content, .full = false};
  feed(f.content == sent_body::none ? send_input::head_alone : send_input::head_and_content);
  if (f.content == sent_body::none) message_sent();
  return {};
}

// --- requests ----------------------------------------------------------------------------------------------------------------

bool connection::can_send_request() const {
  if (role_ != role::client || closing_ || sending_ != send_state::idle || receiving_ == receive_state::closed) return false;
  const auto open = open_exchanges();
  if (open.size() >= options_.pipeline && !open.empty()) return false;
  // Nothing may follow a request behind which the bytes may become another protocol's.
  return std::none_of(open.begin(), open.end(), [](const exchange& x) { return x.upgrade || x.method == method_id::connect; });
}

std::expected<void, connection::misuse> connection::check_request(const semantics::request_head& head,
                                                                  content_length length) const {
  if (role_ != role::client) return refuse(misuse::bad_request);
  if (closing_ || sending_ == send_state::closed) return refuse(misuse::closing);
  if (!can_send_request()) return refuse(misuse::too_many_streams);
  const std::string_view target = head.target();
  if (target.empty() || base::find_not_target(target) != target.size()) return refuse(misuse::bad_request);
  if (base::find_not_target(head.authority()) != head.authority().size()) return refuse(misuse::bad_request);
  const bool simple = head.version == parley::http0_9;
  if (simple && (head.method != parley::method::get || last_id_ > 0)) return refuse(misuse::bad_request);
  // RFC 9110 §9.3.6, §9.3.8.
  const bool never = simple || head.method == parley::method::connect || head.method == parley::method::trace;
  if (never && has_bytes(length)) return refuse(misuse::content_not_allowed);
  if (head.version == parley::http1_0 && length.what == content_length::kind::unknown) return refuse(misuse::length_required);
  return {};
}

std::expected<connection::stream_id, connection::misuse> connection::send_request(const semantics::request_head& head,
                                                                                  content_length length, time_point now) {
  using kind = content_length::kind;
  now_ = now;
  if (auto checked = check_request(head, length); !checked) return refuse(checked.error());
  const auto options = semantics::parse_connection_options(head.fields);

  exchange& x = open_exchange();
  x.method = head.method.which();
  x.version = head.version > parley::http1_1 ? parley::http1_1 : head.version;
  x.upgrade = x.version == parley::http1_1 && has_upgrade(head.fields);
  x.persistent = !options.close && (x.version == parley::http1_1 || (x.version == parley::http1_0 && options.keep_alive));
  closing_ = closing_ || !x.persistent;

  head_framing f{.upgrade = x.upgrade};
  if (length.what == kind::unknown) {
    f.content = sent_body::chunked;
  } else if (length.what == kind::known || anticipates_content(x.method)) {
    f.length_field = true;
    f.length = length.bytes;
    if (length.bytes > 0) f.content = sent_body::length;
  }
  f.close = x.version == parley::http1_1 && !x.persistent;
  f.keep_alive = x.version == parley::http1_0 && x.persistent;

  queue_head(x.id, head, f);
  feed(send_input::open);
  out_ = {.id = x.id, .remaining = f.length, .content = f.content, .full = false};
  feed(f.content == sent_body::none ? send_input::head_alone : send_input::head_and_content);
  const stream_id id = x.id;
  if (f.content == sent_body::none) message_sent();
  return id;
}

// --- content -----------------------------------------------------------------------------------------------------------------

void connection::mark_output() {
  if (queue_.empty()) output_clock_.start(now_, limits_.stall_time);
}

template <class Head>
void connection::queue_head(stream_id id, const Head& head, const head_framing& framing) {
  mark_output();
  const std::string_view text = write_head(queue_, head, framing);
  if (!watch_) [[likely]]
    return;
  engine::observed_head seen{engine::direction::out, nullptr, nullptr, text};
  if constexpr (std::is_same_v<Head, semantics::request_head>) {
    seen.request = &head;
  } else {
    seen.response = &head;
    semantics::response_head whole;
    if (head.ready[0] != nullptr || head.ready[1] != nullptr) {  // whoever looks on sees all lines as fields
      whole = semantics::whole_head(head);
      seen.response = &whole;
    }
    return watch_(now_, id, seen);
  }
  watch_(now_, id, seen);
}

// The message that a command is for; null when it is whole and being ended again, which does no harm.
std::expected<connection::outgoing*, connection::misuse> connection::sending_to(stream_id id, send_input input) {
  const exchange* const x = find(id);
  const bool raw = sending_ == send_state::tunnel;
  if (id != 0 && id == last_ended_ && !(raw && x != nullptr)) {
    if (input == send_input::end) return nullptr;
    return refuse(last_had_content_ ? misuse::after_end : misuse::content_not_allowed);
  }
  if (x == nullptr) return refuse(sending_ == send_state::closed ? misuse::closing : misuse::unknown_stream);
  if (role_ == role::client && out_.id != id) return refuse(misuse::after_end);
  const send_step s = step(sending_, input);
  if (!s.allowed) return refuse(s.why);
  return &out_;
}

void connection::queue_content(engine::chunk&& data) {
  mark_output();
  if (out_.content != sent_body::chunked) return queue_.append(std::move(data));
  if (const auto* view = std::get_if<engine::chunk::view>(&data.content)) return write_chunk(queue_, view->data);
  begin_chunk(queue_, data.size());
  queue_.append(std::move(data));
  end_chunk(queue_);
}

std::expected<bool, connection::misuse> connection::send_data(stream_id id, engine::chunk&& data, time_point now) {
  now_ = now;
  auto out = sending_to(id, send_input::data);
  if (!out) return refuse(out.error());
  const std::uint64_t size = data.size();
  if (out_.content == sent_body::length) {
    if (size > out_.remaining) {
      reset(id, now);
      return refuse(misuse::length_exceeded);
    }
    out_.remaining -= size;
  }
  if (size > 0) {
    queue_content(std::move(data));  // a chunk of no bytes would be the last
    watch_(now_, id, engine::observed_data{engine::direction::out, size});
  }
  out_.full = queue_.size() >= limits_.send_window;
  return !out_.full;
}

std::expected<void, connection::misuse> connection::send_end(stream_id id, const parley::fields* trailers, time_point now) {
  now_ = now;
  auto out = sending_to(id, send_input::end);
  if (!out) return refuse(out.error());
  if (*out == nullptr) return {};
  if (sending_ == send_state::tunnel) {
    feed(send_input::end);
    if (receiving_ == receive_state::closed) close_exchange();
    return {};
  }
  if (out_.content == sent_body::length && out_.remaining > 0) {
    reset(id, now);
    return refuse(misuse::length_short);
  }
  if (out_.content == sent_body::chunked) {
    mark_output();
    write_last_chunk(queue_, trailers);
    if (trailers != nullptr && !trailers->empty()) watch_(now_, id, engine::observed_trailers{engine::direction::out, trailers});
  }
  feed(send_input::end);
  message_sent();
  return {};
}

void connection::message_sent() {
  last_ended_ = out_.id;
  last_had_content_ = out_.content != sent_body::none;
  out_.full = false;
  watch_(now_, out_.id, engine::observed_end{engine::direction::out});
  // A client may send its next request before the response to this one is whole.
  if (role_ == role::client) feed(send_input::exchange_over);
  settle();
}

}  // namespace parley::h1
