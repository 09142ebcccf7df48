#include "connection/tls_stream.hpp"

#include "connection/record_cursor.hpp"
#include "connection/tls_end.hpp"

#include <algorithm>
#include <utility>

// Reading, writing and the end of a TLS stream. The handshake is in tls_handshake.cpp.

namespace parley::connection {

namespace {
constexpr std::size_t small_ciphertext = 8 * 1024;
constexpr std::size_t large_ciphertext = 64 * 1024;
constexpr std::size_t full_record = 16 * 1024;
// Records encrypted before they are given to the stream below, and so what may wait there for room: with what is around them they
// fill a block of 128 KiB.
constexpr std::size_t record_run = 7 * full_record;
// The first records after a pause are small: a receiver can use a record only when it is whole, and a new or idle connection carries
// no more than some 14 KiB in its first round trip.
constexpr std::size_t first_record = 4 * 1024;
constexpr std::uint32_t first_burst = 16 * 1024;
constexpr std::chrono::seconds pause_before_small{1};
}  // namespace

// --- reading -----------------------------------------------------------------------------------------------------------------------

void tls_end::read() {
  if (mode_ == mode::closed || wanted_) return;
  wanted_ = true;
  const bool something_waits =
      !in_.empty() || session_.has_plaintext() || session_.failed() || session_.peer_closed() || ended_below_ || lost_;
  if (something_waits) {
    look_soon();
  } else {
    read_below();
  }
}

// The only place that reads below.
void tls_end::read_below() {
  if (reading_below_ || ended_below_ || lost_) return;
  // Our own answers to what is read (alerts, key updates) must not pile up before a peer that does not read them.
  if (session_.output().size() >= record_run) return;
  reading_below_ = true;
  below_->read();
}

std::span<char> tls_end::read_room() {
  const auto room = in_.writable(read_filled_ ? large_ciphertext : small_ciphertext);
  room_ = room.size();
  return room;
}

void tls_end::on_read(std::size_t n, std::error_code error) {
  const net::intrusive<tls_end> keep(this);
  reading_below_ = false;
  if (error) {
    lost_ = error;
  } else if (n == 0) {
    ended_below_ = true;
  } else {
    heard_ = true;
    read_filled_ = n == room_;
    in_.commit(n);
  }
  go_on();
}

// Only while we do not read below, so behind what is not yet read.
void tls_end::on_hangup(std::error_code error) {
  const net::intrusive<tls_end> keep(this);
  if (error) lost_ = error;
  if (error && (wanted_ || mode_ == mode::handshaking || mode_ == mode::refusing)) return go_on();
  give_hangup();
}

void tls_end::give_hangup() {
  if (wanted_ || handler_ == nullptr || std::exchange(hangup_told_, true)) return;
  handler_->on_hangup(lost_);
}

void tls_end::go_on() {
  switch (mode_) {
    case mode::handshaking: return shake_hands();
    case mode::refusing:
      finish_writing();
      in_.reset();
      if (ended_below_ || lost_) return handshake_ended(session_.failure());
      return read_below();
    case mode::open:
    case mode::cleartext: return deliver();
    case mode::closed: return;
  }
}

void tls_end::deliver() {
  if (handler_ == nullptr) return;
  if (!wanted_) {
    if (lost_ || ended_below_) give_hangup();
    return;
  }
  if (mode_ == mode::cleartext) return deliver_cleartext();
  tls::session::progress done;
  if (!in_.empty() || session_.has_plaintext()) {
    done = session_.receive(in_.readable(), handler_->read_room());
    in_.consume(done.used);
    in_.release();
  }
  if (session_.has_output() && flush() && waiting_) look_soon();
  if (done.plaintext > 0) return give_read(done.plaintext, {});
  if (session_.peer_closed()) return give_read(0, {});
  if (!session_.failed()) {
    if (lost_) return give_read(0, lost_);
    if (!ended_below_) return read_below();
    session_.receive_eof();
  }
  give_read(0, make_error_code(session_.failure().code));
}

void tls_end::deliver_cleartext() {
  if (!in_.empty()) {
    const auto into = handler_->read_room();
    const std::size_t n = in_.readable().copy(into.data(), into.size());
    in_.consume(n);
    in_.release();
    return give_read(n, {});
  }
  if (lost_ || ended_below_) return give_read(0, lost_);
  read_below();
}

void tls_end::give_read(std::size_t n, std::error_code error) {
  wanted_ = false;
  if (handler_ != nullptr) handler_->on_read(n, error);
}

// What is already here is told later and from here only: a handler is never called from within a call of its own.
void tls_end::look_soon() {
  if (looking_) return;
  looking_ = true;
  loop_.defer([self = net::intrusive<tls_end>(this)] {
    self->looking_ = false;
    self->go_on();
    self->give_writable();
  });
}

// --- writing -----------------------------------------------------------------------------------------------------------------------

std::error_code tls_end::write_error() const {
  if (mode_ == mode::closed) return make_error_code(std::errc::not_connected);
  if (lost_) return lost_;
  if (session_.failed()) return make_error_code(session_.failure().code);
  if (shutting_) return make_error_code(std::errc::broken_pipe);
  return {};
}

std::size_t tls_end::record_limit() {
  const net::time_point now = loop_.now();
  if (now - last_write_ > pause_before_small) burst_ = 0;
  last_write_ = now;
  return burst_ < first_burst ? first_record : full_record;
}

// A run of records, which then leaves in one write. The number of bytes that are in it. `more`: the last record need not be begun unless it
// is full, for it would be another small one.
std::size_t tls_end::encrypt_some(record_cursor& from, bool more) {
  std::size_t n = 0;
  session_.expect(from.left(record_run));
  while (!from.done() && session_.output().size() < record_run) {
    const std::size_t limit = record_limit();
    if (more && n > 0 && from.left(limit) < limit) break;
    const std::string_view piece = from.take(limit);
    if (piece.empty() || !session_.send(piece)) break;
    n += piece.size();
    burst_ = static_cast<std::uint32_t>(std::min<std::size_t>(burst_ + piece.size(), first_burst));
  }
  return n;
}

net::write_result tls_end::write(std::span<const base::segment> segments, bool more) {
  if (mode_ == mode::cleartext) return below_->write(segments, more);
  if (const std::error_code error = write_error()) return {0, false, error};
  if (mode_ != mode::open || (session_.has_output() && !flush())) return {0, !lost_, lost_};
  net::write_result result;
  record_cursor from(segments);
  if (held_back_ && !from.done()) {
    from.skip(1);
    result.written = 1;
    held_back_ = false;
  }
  while (!from.done()) {
    if (more && result.written > 0 && from.left(full_record) < full_record) break;
    const std::size_t n = encrypt_some(from, more);
    const bool all_left = flush(more || !from.done());
    result.written += n;
    if (!all_left && !lost_) {
      // As after a partial write to a socket: nobody who was told that all is written may close before it has left. So the last byte
      // counts as not written yet; it comes again, and is skipped.
      if (n > 0) --result.written;
      held_back_ = n > 0;
      result.blocked = true;
      return result;
    }
    result.error = lost_ ? lost_ : from.error() ? from.error() : write_error();
    if (result.error) return result;
  }
  return result;
}

bool tls_end::flush(bool more) {
  if (waiting_below_ && session_.has_output()) return false;
  while (session_.has_output() && !lost_) {
    const base::segment all{session_.output()};
    const net::write_result done = below_->write({&all, 1}, more);
    session_.written(done.written);
    if (done.error) {
      lost_ = done.error;
    } else if (done.blocked) {
      if (!std::exchange(waiting_below_, true)) below_->wait_writable();
      return false;
    }
  }
  return !lost_;
}

void tls_end::wait_writable() {
  if (mode_ == mode::closed) return;
  waiting_ = true;
  if (mode_ == mode::cleartext) {
    if (!std::exchange(waiting_below_, true)) below_->wait_writable();
  } else if (!waiting_below_) {
    look_soon();
  }
}

void tls_end::on_writable(std::error_code error) {
  const net::intrusive<tls_end> keep(this);
  waiting_below_ = false;
  if (error) lost_ = error;
  if (mode_ == mode::closed) return;
  if (mode_ != mode::cleartext && !lost_ && !flush()) return;
  if (mode_ == mode::handshaking || mode_ == mode::refusing) return go_on();
  finish_writing();
  // Reading may have waited for the output to leave.
  if (wanted_ && !reading_below_) look_soon();
  give_writable();
}

void tls_end::give_writable() {
  if (!waiting_ || waiting_below_ || handler_ == nullptr || mode_ == mode::handshaking) return;
  waiting_ = false;
  handler_->on_writable(write_error());
}

// --- the end -----------------------------------------------------------------------------------------------------------------------

void tls_end::shutdown_write() {
  if (mode_ == mode::closed || std::exchange(shutting_, true)) return;
  if (mode_ == mode::open) session_.send_close();
  if (mode_ != mode::cleartext) (void)flush();
  finish_writing();
}

void tls_end::finish_writing() {
  if (!shutting_ || session_.has_output() || std::exchange(shut_below_, true)) return;
  below_->shutdown_write();
}

void tls_end::close() {
  if (mode_ == mode::closed) return;
  if (mode_ == mode::open && !lost_) {
    session_.send_close();
    (void)flush();
  }
  mode_ = mode::closed;
  handler_ = nullptr;
  done_ = nullptr;
  timer_.reset();
  below_->close();
  in_.reset();
}

void tls_end::abort() {
  if (mode_ == mode::closed) return;
  below_->abort();
  lost_ = make_error_code(std::errc::not_connected);
  close();
}

// --- the owner's side --------------------------------------------------------------------------------------------------------------

tls_stream::tls_stream(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::server_credentials> with)
    : end_(new tls_end(on, std::move(below), std::move(with))) {}
tls_stream::tls_stream(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::client_credentials> with,
                       tls::destination to)
    : end_(new tls_end(on, std::move(below), std::move(with), std::move(to))) {}
tls_stream::~tls_stream() { end_->close(); }

void tls_stream::handshake(const handshake_limits& within, handshake_callback done) { end_->handshake(within, std::move(done)); }
bool tls_stream::cleartext() const { return end_->cleartext(); }
bool tls_stream::heard() const { return end_->heard(); }
const tls::session& tls_stream::session() const { return end_->session(); }
const net::byte_stream& tls_stream::below() const { return end_->below(); }
void tls_stream::handler(net::stream_handler* to) { end_->handler(to); }
void tls_stream::read() { end_->read(); }
void tls_stream::cancel_read() { end_->cancel_read(); }
net::write_result tls_stream::write(std::span<const base::segment> segments, bool more) { return end_->write(segments, more); }
void tls_stream::wait_writable() { end_->wait_writable(); }
void tls_stream::shutdown_write() { end_->shutdown_write(); }
void tls_stream::close() { end_->close(); }
void tls_stream::abort() { end_->abort(); }
const net::endpoint& tls_stream::peer() const { return end_->below().peer(); }
std::uint64_t tls_stream::unsent() const { return end_->unsent(); }
const net::endpoint& tls_stream::local() const { return end_->below().local(); }

}  // namespace parley::connection
