#include "connection/quic_connection.hpp"

#include "connection/make_engine.hpp"

#include <algorithm>
#include <utility>

namespace parley::connection {

namespace {

// RFC 9114 §8.1.
constexpr std::uint64_t h3_no_error = 0x100;

// An acknowledgement is due an eighth of a round trip after its packet, and what is due goes with whatever leaves next. Within a machine that is at
// once: without some patience, far less than the 25 ms that a peer allows for (RFC 9000 §18.2), each answer is followed by a timer and a packet
// of its own.
constexpr auto patience_nearby = std::chrono::milliseconds(4);
// Below it acknowledgements are due within less than a millisecond, and losses are known by what comes after them.
constexpr auto short_round_trip = std::chrono::milliseconds(8);

/// From the run on that may still grow.
std::size_t bytes_from(std::size_t run, const quic::batch& of) {
  std::size_t n = 0;
  for (const quic::datagram_run& each : of.runs().subspan(std::min(run, of.runs().size()))) n += each.bytes.size();
  return n;
}

std::error_code failure_of(const quic::ending& why) {
  using cause = quic::ending::cause;
  switch (why.by) {
    case cause::idle:
    case cause::handshake: return make_error_code(std::errc::timed_out);
    case cause::reset: return make_error_code(std::errc::connection_reset);
    case cause::version: return make_error_code(std::errc::protocol_not_supported);
    case cause::peer:
      return why.application && why.code == h3_no_error ? std::error_code() : make_error_code(std::errc::connection_aborted);
    default: return {};
  }
}

/// Where the handshake failed by TLS, at either end: its alert is in the code (RFC 9001 §4.8).
tls::error tls_failure_of(const quic::connection& of) {
  const quic::ending& why = of.why();
  const bool by_tls = !why.application && why.code >= 0x100 && why.code <= 0x1ff;
  if (!by_tls || of.tls() == nullptr) return {};
  return of.tls()->failure(static_cast<int>(why.code & 0xff), why.by == quic::ending::cause::peer);
}

}  // namespace

quic_connection::quic_connection(net::loop& on, std::unique_ptr<engine::stream_engine> engine,
                                 std::unique_ptr<quic::connection> transport, quic_outbox& outbox, exchange_owner& owner,
                                 engine::role as, const limits& caps, std::uint64_t id, engine::observer* observer)
    : http_connection(on, std::move(engine), owner, as, caps, id, observer,
                      from_quic(transport->where().remote).to_endpoint().to_string()),
      quic_(std::move(transport)), outbox_(outbox), peer_(from_quic(quic_->where().remote).to_endpoint()),
      local_(from_quic(quic_->where().local).to_endpoint()), timer_(on, [this] { on_time(); }) {
  tls_ = this;
  takes_files_ = false;
  quic_->owner = this;
  quic_->taker = this;
  if (observer_ != nullptr) quic_->observe(observer_, id_);
}

quic_connection::~quic_connection() { outbox_.forget(*this); }

void quic_connection::unobserve() {
  http_connection::unobserve();
  quic_->observe(nullptr, id_);
}

void quic_connection::receive(const quic::path& by, quic::ecn mark, std::string_view datagram) {
  if (closed_) return;
  // Requests come in from within, and what their handlers do is sent in the turn that follows.
  schedule_turn();
  quic_->receive(by, mark, datagram, loop_.now());
  if (quic_->migrations() != migrations_) look_where();
}

void quic_connection::look_where() {
  migrations_ = quic_->migrations();
  peer_ = from_quic(quic_->where().remote).to_endpoint();
  local_ = from_quic(quic_->where().local).to_endpoint();
  peer_name_ = peer_.to_string();
}

void quic_connection::dial(std::unique_ptr<quic_socket> own, http3_ready ready) {
  own_ = std::move(own);
  ready_ = std::move(ready);
}

void quic_connection::start() {
  if (own_) own_->start(*this);
  for (kept_event& each : std::exchange(kept_, {})) handle(each.what);
  turn();
}

void quic_connection::on_socket_error(std::error_code what) {
  if (closed_ || quic_->handshake_done()) return;
  transport_error_ = what;
  quic_->return_ticket();
  abort(what == std::errc::connection_refused ? "nobody listens on that UDP port" : what.message());
}

// From a turn, so that nothing is under way.
void quic_connection::look_ready() {
  if (!ready_ || (!closed_ && !quic_->handshake_done())) return;
  http3_outcome how;
  how.done = quic_->handshake_done() && !closed_;
  how.error = transport_error_;
  if (!how.done) {
    how.tls = tls_failure_of(*quic_);
    how.reason = quic_->why().reason;
  }
  loop_.defer([ready = std::exchange(ready_, nullptr), how = std::move(how)]() mutable { ready(how); });
}

// --- turns -------------------------------------------------------------------------------------------------------------------

void quic_connection::turn() {
  if (closed_) return check_closed();
  in_turn_ = true;
  take_all();
  const bool more = !closed_ && write();
  in_turn_ = false;
  if (!closed_) check_end();
  look_ready();
  if (closed_) return check_closed();
  if (is_client_ && std::exchange(tickets_, quic_->tickets()) != quic_->tickets()) owner_.on_ticket(*this);
  watch_time();
  tell_idle();
  if (more) schedule_turn();
  if (exchanges_.empty()) rest();
}

// Content is handed on while its packet is there.
void quic_connection::take_events() {
  take_all();
  // Before a ticket comes, which is kept with them.
  if (!is_client_ || remembered_) return;
  std::string settings = http3_settings(streams());
  if (settings.empty()) return;
  remembered_ = true;
  quic_->remember(std::move(settings));
}

bool quic_connection::take_all() {
  bool any = false;
  while (!closed_) {
    auto e = engine_->next_event();
    if (!e) break;
    any = true;
    handle(*e);
  }
  return any;
}

bool quic_connection::write() {
  quic_->expect_answers(!exchanges_.empty());
  for (;;) {
    if (outbox_.blocked()) {
      outbox_.wait(*this);
      return false;
    }
    quic::batch& into = outbox_.batch();
    const std::size_t last = into.empty() ? 0 : into.runs().size() - 1;
    const std::size_t before = bytes_from(last, into);
    const bool more = quic_->send(into, loop_.now());
    bytes_written_ += bytes_from(last, into) - before;
    if (!into.empty()) outbox_.flush_soon();
    // Room for content, say.
    const bool any = take_all();
    if (closed_) return false;
    if (more) {
      if (!into.full() || outbox_.flush()) return true;
      outbox_.wait(*this);
      return false;
    }
    if (!any) return false;
  }
}

void quic_connection::watch_time() {
  auto when = engine_->deadline();
  auto other = quic_->deadline();
  if (other && quic_->where().remote.loopback() && quic_->facts().smoothed_rtt < short_round_trip) *other += patience_nearby;
  if (other && (!when || *other < *when)) when = other;
  if (when) {
    timer_.arm(*when);
  } else {
    timer_.cancel();
  }
}

void quic_connection::on_time() {
  const auto now = loop_.now();
  if (const auto due = engine_->deadline(); due && *due <= now) {
    const bool was_idle = idle();
    engine_->expired(now);
    if (was_idle && engine_->wants_close() && !engine_->error() && !graceful_) owner_.on_limit(*this, "idle_time");
  }
  if (const auto due = quic_->deadline(); due && *due <= now) quic_->expired(now);
  turn();
}

// --- the end -----------------------------------------------------------------------------------------------------------------

void quic_connection::check_end() {
  if (engine_->wants_close() && !std::exchange(draining_told_, true)) owner_.on_draining(*this);
  if (closed_ || !quic_->closed()) return;
  finish_closing();
}

void quic_connection::finish_closing() {
  using cause = quic::ending::cause;
  const quic::ending& why = quic_->why();
  closed_ = true;
  timer_.cancel();
  transport_error_ = failure_of(why);
  // What a client says that we did is its word alone.
  if (is_client_ || why.by == cause::us) tell_violation();
  if (!is_client_ && why.by == cause::idle) owner_.on_limit(*this, "quic_idle_time");
  if (!is_client_ && why.by == cause::handshake) owner_.on_limit(*this, "handshake_time");
  tell_closing();
}

// GOAWAY (RFC 9114 §5.2) leaves also where nothing is under way: with it the client knows that what it may just be sending was not read.
void quic_connection::close_gracefully() {
  if (closed_ || std::exchange(graceful_, true)) return;
  engine_->close_gracefully(loop_.now());
  schedule_turn();
}

void quic_connection::abort(std::string_view reason) {
  if (closed_) return;
  quic_->close(h3_no_error, std::string(reason), loop_.now());
  closed_ = true;
  timer_.cancel();
  tell_violation();
  tell_closing();
  // Not from here, which may be within a call of the transport's.
  loop_.defer([this] {
    look_ready();
    if (outbox_.blocked()) return;
    quic_->send(outbox_.batch(), loop_.now());
    outbox_.flush();
  });
}

// --- facts -------------------------------------------------------------------------------------------------------------------

bool quic_connection::shown_to_be(std::string_view host) const { return quic_->tls() != nullptr && quic_->tls()->is_for(host); }

tls_info quic_connection::about() const {
  tls_info info;
  const tls::quic_session* const s = quic_->tls();
  if (s == nullptr) return info;
  info.version = s->version();
  info.cipher = s->cipher();
  info.protocol = s->protocol();
  info.server_name = s->server_name();
  info.resumed = s->resumed();
  if (is_client_) return info;
  auto clients = s->peer_certificates();
  if (clients.empty()) return info;
  info.client_subject = std::move(clients.front().subject);
  info.client_names = std::move(clients.front().names);
  return info;
}

}  // namespace parley::connection
