#include "connection/tls_end.hpp"

#include <utility>

// How a TLS stream comes about, and how it does not.

namespace parley::connection {

tls_end::tls_end(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::server_credentials> with)
    : loop_(on), below_(std::move(below)), session_(std::move(with)), server_(true) {
  below_->handler(this);
}

tls_end::tls_end(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::client_credentials> with,
                 tls::destination to)
    : loop_(on), below_(std::move(below)), session_(std::move(with), std::move(to)), server_(false) {
  below_->handler(this);
}

tls_end::~tls_end() { close(); }

void tls_end::handshake(const tls_stream::handshake_limits& within, tls_stream::handshake_callback done) {
  done_ = std::move(done);
  linger_ = within.linger;
  timer_ = std::make_unique<net::timer>(loop_, [this] { on_time(); });
  timer_->arm(loop_.now() + within.handshake);
  (void)flush();  // a client's first flight
  if (lost_) return look_soon();
  read_below();
}

// A method is letters, a record begins with its type: 22 for a handshake, 21 for an alert.
static bool looks_like_http(char first) { return first >= 'A' && first <= 'Z'; }

// GnuTLS would read such a hello (RFC 6176 advises against it), and wait for up to 32 KiB of one that is none.
static bool looks_like_ssl2(char first) { return first == 0 || (first & 0x80) != 0; }

static bool is_record(char first) { return first >= 20 && first <= 24; }  // RFC 8446 §5.1

void tls_end::shake_hands() {
  if (server_ && !begun_ && !in_.empty() && looks_like_http(in_.readable()[0])) {
    mode_ = mode::cleartext;
    return handshake_ended({});
  }
  if (!server_ && !begun_ && !in_.empty() && !is_record(in_.readable()[0])) {
    return handshake_ended({tls::errc::cleartext, "the server answered without TLS, so this is no https port: use http://"});
  }
  if (server_ && !begun_ && !in_.empty() && looks_like_ssl2(in_.readable()[0])) {
    return handshake_ended({tls::errc::malformed, std::string(tls::describe(tls::errc::malformed))});
  }
  begun_ = begun_ || !in_.empty();
  const auto taken = session_.receive(in_.readable(), {});
  in_.consume(taken.used);
  in_.release();
  if (lost_ && session_.handshaking()) return handshake_lost();
  if (ended_below_ && session_.handshaking()) session_.receive_eof();
  (void)flush();  // what has not left yet goes before all else
  if (session_.failed()) return handshake_failed(session_.failure());
  if (session_.handshaking()) return lost_ ? handshake_lost() : read_below();
  mode_ = mode::open;
  handshake_ended({});
}

void tls_end::handshake_failed(const tls::error& why) {
  // Only a client that is still there can read our alert; and it must not lose it by a reset, which unread bytes would cause.
  if (!server_ || ended_below_ || lost_ || linger_.count() == 0) return handshake_ended(why);
  mode_ = mode::refusing;
  shutting_ = true;
  finish_writing();
  in_.reset();
  timer_->arm(loop_.now() + linger_);
  read_below();
}

void tls_end::handshake_lost() {
  handshake_ended({tls::errc::closed_in_handshake, "the connection was lost during the TLS handshake: " + lost_.message()});
}

void tls_end::handshake_ended(const tls::error& why) {
  timer_.reset();
  if (auto done = std::exchange(done_, nullptr)) done(why);
}

void tls_end::on_time() {
  const net::intrusive<tls_end> keep(this);
  const auto timer = std::move(timer_);  // which is calling us
  if (mode_ == mode::refusing) return handshake_ended(session_.failure());
  handshake_ended({tls::errc::handshake_time, std::string(tls::describe(tls::errc::handshake_time))});
}

// --- what others see -----------------------------------------------------------------------------------------------------------

tls_info tls_stream::about() const {
  const tls::session& s = session();
  tls_info info;
  info.version = s.version();
  info.cipher = s.cipher();
  info.protocol = s.protocol();
  info.server_name = s.server_name();
  info.resumed = s.resumed();
  if (!end_->server()) return info;
  auto clients = s.peer_certificates();
  if (clients.empty()) return info;
  info.client_subject = std::move(clients.front().subject);
  info.client_names = std::move(clients.front().names);
  return info;
}

void observe_handshake(engine::observer& sink, net::time_point now, std::uint64_t connection, const tls_stream* done,
                       const tls::error& error) {
  engine::observed_handshake seen{};
  seen.done = done != nullptr;
  seen.error = error.message;
  std::string server_name;
  if (done != nullptr && done->cleartext()) {
    seen.error = tls::describe(tls::errc::cleartext);
  } else if (done != nullptr) {
    const tls::session& s = done->session();
    server_name = s.server_name();
    seen.version = s.version();
    seen.cipher = s.cipher();
    seen.group = s.group();
    seen.protocol = s.protocol();
    seen.server_name = server_name;
    seen.resumed = s.resumed();
  }
  sink.observe({now, connection, 0, seen});
}

}  // namespace parley::connection
