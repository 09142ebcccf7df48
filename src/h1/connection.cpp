#include "h1/connection.hpp"

#include <utility>

#include "base/spares.hpp"
#include "h1/violations.hpp"

namespace parley::h1 {

using engine::role;

connection::connection(engine::role role, const limits& caps, options how, time_point now)
    : limits_(caps), role_(role), options_(how), now_(now), head_since_(now) {}

bool connection::ended() const {
  if (sending_ != send_state::closed || receiving_ != receive_state::closed) return false;
  if (!queue_.empty() || (busy_ && !busy_->events.empty())) return false;
  // RFC 9112 §9.6: a server closes in stages, and waits for the client's end so that its last response is not lost.
  return role_ == role::client || eof_ || aborted_;
}

bool connection::idle() const { return !has_exchange() && receiving_ == receive_state::start; }

void connection::become_busy() {
  busy_ = base::spares<std::unique_ptr<busy_part>>::take();
  if (busy_) {
    busy_->parser.caps(limits_);
  } else {
    busy_ = std::make_unique<busy_part>(limits_);
  }
}

void connection::rest() {
  if (!busy_ || !busy_->events.empty() || !idle()) return;
  busy_->parser.release();
  base::spares<std::unique_ptr<busy_part>>::give(std::exchange(busy_, nullptr));
}

receive_action connection::feed(receive_input input) {
  const receive_step s = step(receiving_, input);
  if (s.next != receiving_) {
    if (watch_) watch_(now_, has_exchange() ? current().id : 0, engine::observed_state{"receive", name(receiving_), name(s.next)});
    receiving_ = s.next;
  }
  return s.action;
}

void connection::feed(send_input input) {
  const send_step s = step(sending_, input);
  if (s.next != sending_) {
    if (watch_) watch_(now_, has_exchange() ? current().id : 0, engine::observed_state{"send", name(sending_), name(s.next)});
    sending_ = s.next;
  }
}

connection::exchange* connection::find(stream_id id) {
  for (exchange& x : open_exchanges()) {
    if (x.id == id) return &x;
  }
  return nullptr;
}

connection::exchange& connection::open_exchange() {
  exchange& x = busy().exchanges.emplace_back();
  x.id = ++last_id_;
  return x;
}

void connection::close_exchange() {
  auto& all = busy_->exchanges;
  if (++busy_->first == all.size()) return drop_exchanges();
  if (busy_->first < 16) return;
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(busy_->first));
  busy_->first = 0;
}

void connection::drop_exchanges() {
  if (!busy_) return;
  busy_->exchanges.clear();
  busy_->first = 0;
}

// One direction's message is whole: is the exchange over, and what then?
void connection::settle() {
  if (!has_exchange()) return;
  if (role_ == role::client) return settle_client();
  if (sending_ != send_state::ended) return;
  if (receiving_ == receive_state::content) return drain();
  const bool goes_on = current().persistent && receiving_ == receive_state::waiting;
  close_exchange();
  if (!goes_on) return end_connection();
  feed(receive_input::exchange_over);
  feed(send_input::exchange_over);
  head_since_ = now_;
}

void connection::settle_client() {
  if (receiving_ != receive_state::waiting && receiving_ != receive_state::closed) return;
  const bool unsent = sending_ == send_state::content && out_.id == current().id;
  const bool goes_on = current().persistent && receiving_ == receive_state::waiting;
  if (unsent && goes_on) return;
  close_exchange();
  if (goes_on) {
    feed(receive_input::exchange_over);
    head_since_ = now_;
    if (closing_ && !has_exchange()) end_connection();
    return;
  }
  // RFC 9112 §9.3, §9.5: what is still being sent, nobody will read; what was sent behind it is not answered.
  const bool others = has_exchange();
  while (has_exchange()) {
    tell(engine::reset_event{current().id, violation::not_answered});
    close_exchange();
  }
  if (unsent || others) queue_.clear();
  end_connection();
}

// The final response is sent and the request's content is not all here. RFC 9112 §9.3: read it, or close.
void connection::drain() {
  const bool too_long = in_.content == body::length && in_.remaining > limits_.drain;
  if (current().persistent && !too_long) {
    in_.discard = true;
    discard_until_ = now_ + limits_.discard_time;
    start_content_clock();
    return;
  }
  if (current().persistent || in_.given_up) {
    error_ = std::make_unique<engine::protocol_error>(violation::drain_exceeded);
    watch_(now_, current().id, engine::observed_error{*error_});
  }
  close_exchange();
  end_connection();
}

// The peer broke a rule, or did not come up to it in time. Nothing more is read.
void connection::fail(engine::protocol_error error) {
  if (role_ == role::client && error.status != 0) error.status = 502;  // for a proxy: the fault is the server's (RFC 9110 §15.6.3)
  error_ = std::make_unique<engine::protocol_error>(error);
  const stream_id id = has_exchange() ? current().id : role_ == role::server ? last_id_ + 1 : 0;
  watch_(now_, id, engine::observed_error{error});
  parser().release();
  feed(receive_input::violation);
  if (role_ == role::server) {
    fail_server(error);
  } else {
    fail_client(error);
  }
}

void connection::fail_server(const engine::protocol_error& error) {
  if (!has_exchange()) {
    // The fault lies in a request's head: the request gets an id all the same, so that it can be answered.
    exchange& x = open_exchange();
    x.method = parser().request().method.which();
    feed(send_input::open);
  }
  exchange& x = current();
  x.persistent = false;
  x.refused = true;
  const bool unread = sending_ == send_state::ended;  // only content that is discarded anyway
  if (!unread) tell(engine::reset_event{x.id, error});
  if (sending_ == send_state::head && error.status != 0) return;
  close_exchange();
  end_connection();
}

void connection::fail_client(const engine::protocol_error& error) {
  while (has_exchange()) {
    tell(engine::reset_event{current().id, error});
    close_exchange();
  }
  queue_.clear();
  end_connection();
}

// No further message in either direction; what is queued still leaves.
void connection::end_connection() {
  feed(receive_input::violation);
  feed(send_input::cut);
}

void connection::abort() {
  queue_.clear();
  drop_exchanges();
  aborted_ = true;
  end_connection();
}

// RFC 9110 §7.8, §9.3.6: from here on the bytes are another protocol's.
void connection::detach(stream_id id) {
  feed(receive_input::detach);
  feed(send_input::detach);
  closing_ = true;
  in_ = {};
  in_.content = body::until_close;
  out_ = {};
  out_.id = id;
  out_.content = sent_body::until_close;
  tell(engine::detached_event{id});
}

}  // namespace parley::h1
