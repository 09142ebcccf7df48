#include "client/call.hpp"

#include "base/ascii.hpp"
#include "client/response_stream.hpp"
#include "connection/http_connection.hpp"
#include "connection/message_access.hpp"

#include <stdexcept>
#include <string>
#include <utility>

// What the fetch commands and what the connection tells. Content that is produced: call_content.cpp.

namespace parley::fetching {

call::call(std::shared_ptr<pool> of, lease on, const plan& what, const options& how)
    : pool_(std::move(of)), lease_(std::move(on)), to_(what.to), how_(how), method_(what.head.method), streamed_(how.streamed()),
      reused_(lease_.reused()), sink_(*this, what.length) {}

call::~call() { close(); }

// --- commands ----------------------------------------------------------------------------------------------------------------

void call::begin(plan& what) {
  using engine::misuse;
  const parley::version spoken = lease_.connection().version();
  prepare_for(what, spoken);
  const origin& server = lease_.on().place.at().to;
  const bool own = server.host == to_.host && server.port == to_.port;
  name_alternative(what, own ? lease_.on().alternative : std::string());
  upgrade_offered_ = pool_->offers_upgrade(lease_, what);
  offer_upgrade(what, upgrade_offered_, pool_->settings().push);
  written_before_ = lease_.connection().bytes_written();
  early_ = !lease_.connection().handshake_done();
  const auto sent = lease_.connection().send_request(*this, what.head, what.length);
  lease_.begun();
  if (sent) {
    untouched_ = false;
    return;
  }
  if (sent.error() == misuse::fields_too_large) throw fields_too_large(to_, spoken);
  if (sent.error() != misuse::closing && sent.error() != misuse::too_many_streams) {
    throw std::invalid_argument("the request cannot be sent: " + std::string(engine::describe(sent.error())));
  }
  gone_ = true;
  refused_ = spoken >= http2;
  lost_.emplace(fetch_error::kind::connection_lost, to_.to_string() + " closed the connection before the request was sent");
  throw fetch_error(*lost_);
}

bool call::is(condition c) const {
  if (failed()) return true;
  switch (c) {
    case condition::may_go_on: return continue_seen_ || head_;
    case condition::answered: return head_.has_value();
    case condition::received: return received_ || too_large_;
    case condition::produced: return !producing_;
  }
  return true;
}

void call::check() {
  if (callback_error_) std::rethrow_exception(callback_error_);
  if (produce_error_) std::rethrow_exception(produce_error_);
  if (too_large_) throw more_than_collected(to_, how_.content_limit());
  if (gone_ && !received_) throw fetch_error(*lost_);
}

response call::take_collected() {
  using access = parley::detail::response_access;
  response made = access::from_head(std::move(*head_));
  access::content(made, std::move(incoming().collected()));
  if (const fields* trailers = incoming().trailers()) access::trailers(made) = *trailers;
  return made;
}

response call::take_streamed() {
  using access = parley::detail::response_access;
  response made = access::from_head(std::move(*head_));
  access::source(made, std::make_shared<response_stream>(shared_from_this()));
  return made;
}

void call::give_up() noexcept {
  stop_producer();
  if (id() != 0 && !gone_) connection().reset(*this);
}

void call::close() noexcept {
  if (std::exchange(closed_, true)) return;
  if (id() != 0) connection().finish(*this);
  lease_.release();
  pool_.reset();
}

void call::drop() noexcept {
  close_asked_ = true;
  if (!producing_) return close();
  give_up();
}

namespace {
bool takes_h2c(const semantics::response_head& head) {
  const auto taken = head.fields.get("Upgrade");
  return taken && base::iequals(*taken, "h2c");
}
}  // namespace

// --- what the connection tells -----------------------------------------------------------------------------------------------

void call::on_response(engine::response_event&& event) {
  response_begun_ = true;
  // The pool goes on with HTTP/2 on this connection, and the response follows there.
  if (event.head.status == 101 && upgrade_offered_ && takes_h2c(event.head)) return;
  if (!event.informational) {
    pool_->on_answer(lease_);
    pool_->learn(to_, event.head);
  }
  if (event.informational) {
    if (event.head.status == 100) continue_seen_ = true;
    tell_informational(std::move(event.head));
  } else {
    head_ = std::move(event.head);
    succeeded_ = head_->status / 100 == 2;
    if (!streamed_) collect();
  }
  look();
}

void call::tell_informational(semantics::response_head&& head) {
  if (!how_.on_informational()) return;
  try {
    const response made = parley::detail::response_access::from_head(std::move(head));
    how_.on_informational()(made);
  } catch (...) {
    callback_error_ = std::current_exception();
  }
}

void call::collect() {
  // RFC 9110 §8.6: these announce the length of what they do not carry.
  const bool empty = method_ == method::head || head_->status == 204 || head_->status == 304;
  const auto announced = incoming().length();
  if (!empty && announced && *announced > how_.content_limit()) {
    too_large_ = true;
  } else {
    incoming().collect(how_.content_limit());
  }
}

void call::on_received() {
  received_ = true;
  look();
}

void call::on_too_large() {
  too_large_ = true;
  look();
}

void call::on_lost() {
  gone_ = true;
  untouched_ = connection().bytes_written() == written_before_;
  refused_ = exchange::unprocessed();
  shaken_ = connection().handshake_done();
  alone_ = error() && error()->scope == engine::error_scope::stream;
  const parley::version spoken = connection().version();
  constexpr std::uint32_t http_1_1_required = 0xd;
  constexpr std::uint32_t version_fallback = 0x110;
  const bool other_wanted = error() && !response_begun_;
  http1_wanted_ = other_wanted && spoken == http2 && error()->code == http_1_1_required;
  tcp_wanted_ = other_wanted && spoken == http3 && error()->code == version_fallback;
  lost_ = exchange_lost(to_, spoken, error(), connection().transport_error(), got(), pool_->settings().caps);
  look();
  // Else whoever fetches or reads closes; but when the loop ends, a response may be kept beyond it.
  if (close_asked_ || (stream_ != nullptr && pool_->ending())) drop();
}

received_part call::got() const {
  auto& in = const_cast<call*>(this)->incoming();
  return {head_.has_value(), streamed_bytes_ + in.collected().size(), in.length()};
}

void call::look() {
  if (stream_ != nullptr) stream_->look();
  if (waiting_ != nullptr && is(waiting_->until_)) std::exchange(waiting_, nullptr)->wake();
}

}  // namespace parley::fetching
