#include "connection/tcp_connection.hpp"

#include "connection/tls_stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

// The life of a connection: its turns, its output, its end. What the engine says is handled in http_connection.cpp, what the
// clock says in tcp_connection_time.cpp.

namespace parley::connection {

namespace {
constexpr std::size_t small_read = 8 * 1024;
constexpr std::size_t large_read = 64 * 1024;
// What is received ahead while an exchange runs: enough to notice that the peer has left, and for pipelined requests.
constexpr std::size_t read_ahead = 16 * 1024;
}  // namespace

tcp_connection::tcp_connection(net::loop& on, std::unique_ptr<net::byte_stream> stream, std::unique_ptr<engine::byte_engine> engine,
                               exchange_owner& owner, engine::role as, const limits& caps, std::uint64_t id,
                               engine::observer* observer)
    : http_connection(on, std::move(engine), owner, as, caps, id, observer, stream->peer().to_string()), stream_(std::move(stream)),
      timer_(on, [this] { on_time(); }) {
  stream_->handler(this);
}

tcp_connection::~tcp_connection() {
  if (!closed_) stream_->close();
}

void tcp_connection::over(const tls_stream* tls) {
  if (tls == nullptr) return;
  without_tls_ = tls->cleartext();
  if (!without_tls_) tls_ = tls;
}

bool tcp_connection::shown_to_be(std::string_view host) const {
  return tls_ != nullptr && static_cast<const tls_stream*>(tls_)->session().is_for(host);
}

void tcp_connection::start() { turn(); }

// --- turns -------------------------------------------------------------------------------------------------------------------

std::span<char> tcp_connection::read_room() {
  const auto room = in_.writable(read_filled_ ? large_read : small_read);
  room_ = static_cast<std::uint32_t>(room.size());
  return room;
}

void tcp_connection::on_read(std::size_t n, std::error_code error) {
  reading_ = false;
  if (error) return fail_stream(error);
  if (n == 0) {
    peer_ended_ = true;
    expect_half_closed();
  } else {
    see(engine::observed_bytes{engine::direction::in, {in_.writable(0).data(), n}});
    if (traffic != nullptr) traffic->received.add(n);
    read_filled_ = n == room_;
    in_.commit(n);
    if (linger_until_) in_.reset();  // what comes after our last word is only read so that it does not turn into a TCP reset
  }
  turn();
}

// More of it waits than is read ahead, so this is how it shows that the peer has left.
void tcp_connection::on_hangup(std::error_code error) {
  if (error) return fail_stream(error);
  expect_half_closed();
  watch_time();
}

void tcp_connection::on_writable(std::error_code error) {
  write_blocked_ = false;
  if (error) return fail_stream(error);
  turn();
}

void tcp_connection::turn() {
  if (closed_) return check_end();
  in_turn_ = true;
  do {
    process();
    // An engine with much to send takes no further request: once it is sent, what was received already goes on.
  } while (!closed_ && flush() && !in_.empty() && wire().wants_read());
  in_turn_ = false;
  if (!closed_) check_end();
  if (closed_) return check_end();
  read_more();
  watch_time();
  tell_idle();
  if (!in_.empty() || !exchanges_.empty()) return;
  // Idle: what only a busy connection needs goes to the next one that is.
  rest();
}

void tcp_connection::process() {
  const auto now = loop_.now();
  while (!closed_) {
    const bool held = undecided_ && !decide();
    const std::string_view bytes = held ? std::string_view() : in_.readable();
    if (!bytes.empty() && bytes[0] == '\x16' && !multiplexes() && engine_->idle()) tls_hello_ = true;
    const std::size_t used = wire().receive(bytes, now);
    const bool any = take_events();
    if (closed_) return;  // and the buffer is gone with the stream
    if (held) break;
    // Only now: content events are views into these bytes.
    in_.consume(used - std::exchange(returned_, 0U));
    if (in_.empty() && (!peer_ended_ || eof_told_)) break;
    if (used == 0 && !any) {
      if (!peer_ended_ || eof_told_ || (!in_.empty() && !wire().wants_read())) break;
      tell_eof();
    }
  }
  if (in_.empty()) in_.release();  // an idle connection holds none
}

bool tcp_connection::take_events() {
  bool any = false;
  while (!closed_) {
    auto e = engine_->next_event();
    if (!e) break;
    any = true;
    if (may_be_http2_ || tls_hello_ || http2_refused_) look_at(*e);
    handle(*e);
  }
  return any;
}

void tcp_connection::tell_eof() {
  eof_told_ = true;
  const auto now = loop_.now();
  wire().receive_eof(now);
}

// RFC 9112 §9.6 lets a client end its direction and still read; but it may as well have left for good.
void tcp_connection::expect_half_closed() {
  if (is_client_ || exchanges_.empty()) return;
  half_closed_until_ = loop_.now() + limits_.half_close_time;
}

// One more than is written at a time: it tells that more follows.
bool tcp_connection::flush_many(engine::byte_engine& from) {
  std::array<engine::segment, 17> segments;
  const std::size_t n = from.output(segments);
  const bool more = n == segments.size();
  return write(from, std::span(segments).first(more ? n - 1 : n), more);
}

// False: the stream has failed.
bool tcp_connection::write(engine::byte_engine& from, std::span<const engine::segment> segments, bool more) {
  const net::write_result done = stream_->write(segments, more);
  if (done.written > 0) {
    if (observer_ != nullptr) show_sent(segments, done.written);
    bytes_written_ += done.written;
    if (traffic != nullptr) {
      traffic->sent.add(done.written);
      if (done.by_sendfile != 0) traffic->by_sendfile.add(done.by_sendfile);
    }
    from.written(done.written, loop_.now());
    if (half_closed_until_) half_closed_until_ = loop_.now() + limits_.half_close_time;  // it still reads
  }
  if (done.error) {
    fail_stream(done.error);
    return false;
  }
  if (done.blocked) {
    write_blocked_ = true;
    stream_->wait_writable();
  }
  return true;
}

void tcp_connection::show_sent(std::span<const engine::segment> segments, std::size_t left) {
  for (const engine::segment& each : segments) {
    if (left == 0) return;
    const std::size_t part = std::min<std::uint64_t>(left, each.size());
    if (each.descriptor < 0) {
      see(engine::observed_bytes{engine::direction::out, each.bytes.substr(0, part)});
    } else {
      see(engine::observed_bytes{engine::direction::out, {}, part});
    }
    left -= part;
  }
}

bool tcp_connection::flush() {
  if (write_blocked_) return false;
  bool wrote = false;
  while (!write_blocked_ && (before_ || wire().has_output())) {
    engine::byte_engine& from = before_ ? *before_ : wire();
    // One or two pieces are the usual case; a longer list takes longer to make than they take to write.
    std::array<engine::segment, 3> few;
    const std::size_t n = from.output(few);
    if (n == few.size()) {
      if (!flush_many(from)) return false;
    } else if (n > 0) {
      if (!write(from, std::span(few).first(n), false)) return false;
    } else {
      if (!before_) break;
      before_.reset();
      continue;
    }
    wrote = true;
  }
  // `writable` events, and in HTTP/1 the next pipelined request, wait for what was just written.
  if (!in_.empty() || !exchanges_.empty()) {
    take_events();
  }
  return wrote && !write_blocked_;
}

void tcp_connection::read_more() {
  if (reading_ || peer_ended_) return;
  // Even while the engine does not want more we read ahead a little: that is how we notice that the peer has left.
  if (!wire().wants_read() && !linger_until_ && in_.size() >= read_ahead) return;
  reading_ = true;
  stream_->read();
}

// --- the end -----------------------------------------------------------------------------------------------------------------

void tcp_connection::check_end() {
  if (closed_) return check_closed();
  // The engine has given up what the stream would not take: there is nothing to wait for. (In HTTP/2 it may have been one exchange's.)
  if (write_blocked_ && !wire().has_output() && (!multiplexes() || engine_->ended())) cut_off_ = true;
  if (cut_off_) return close_stream("cut off");
  const bool said_all = !before_ && !wire().has_output() && !write_blocked_;
  if (!said_all) return;
  if (engine_->wants_close() && !write_ended_) {
    write_ended_ = true;
    tell_violation();
    if (!draining_told_) {
      draining_told_ = true;
      owner_.on_draining(*this);
    }
    if (peer_ended_ && exchanges_.empty()) return close_stream("done");
    stream_->shutdown_write();
  }
  if (exchanges_.empty()) {
    if (peer_ended_ || (write_ended_ && engine_->ended() && is_client_)) return close_stream("done");
    // RFC 9112 §9.6: closing at once could destroy our last answer on its way; so wait for the peer to close, but not for long.
    if (write_ended_ && !linger_until_) {
      linger_until_ = loop_.now() + limits_.linger_time;
      in_.reset();
    }
  }
}

void tcp_connection::close_gracefully() {
  if (closed_) return;
  // Nothing is under way in either direction, so there is nothing to wait for.
  if (idle() && in_.empty() && !wire().has_output()) return close_stream("done");
  graceful_ = true;
  engine_->close_gracefully(loop_.now());
  schedule_turn();
}

void tcp_connection::abort(std::string_view reason) { close_stream(reason); }

bool tcp_connection::has_output() const { return !closed_ && wire().has_output(); }

void tcp_connection::close_stream(std::string_view reason) {
  if (closed_) return;
  closed_ = true;
  tell_violation();
  timer_.cancel();
  // In HTTP/1 an answer that only the stream's end would end must not look whole: a reset says that it is not.
  bool unfinished = false;
  if (!is_client_ && !multiplexes()) {
    exchanges_.for_each([&](const exchange& x) { unfinished = unfinished || (x.head_sent() && !x.sent()); });
  }
  if (cut_off_ || unfinished) {
    stream_->abort();
  } else {
    stream_->close();
  }
  in_.reset();
  see(engine::observed_close{reason});
  tell_closing();
}

void tcp_connection::fail_stream(std::error_code error) {
  if (!closed_) transport_error_ = error;
  close_stream(error.message());
}

}  // namespace parley::connection
