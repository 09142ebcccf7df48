#include "tls/session.hpp"

#include "tls/gnutls_handles.hpp"
#include "tls/resumption_cache.hpp"
#include "tls/session_callbacks.hpp"

#include <cerrno>
#include <new>
#include <utility>

// The bytes of a session: GnuTLS asks for ciphertext through `pull` and gives it out through `push`, both in memory.

namespace parley::tls {

namespace {
// What a handshake message may need: a server that asks for no certificate gets a ClientHello and a Finished.
constexpr std::uint32_t largest_hello = 32 * 1024;
constexpr std::uint32_t largest_with_certificates = 96 * 1024;
}  // namespace

// --- GnuTLS calls us -----------------------------------------------------------------------------------------------------------

// None of these may throw: there is C between us and ourselves.

ssize_t session::callbacks::pull(gnutls_transport_ptr_t self, void* into, std::size_t n) {
  session& s = *static_cast<session*>(self);
  if (s.in_.empty()) {
    if (s.eof_) return 0;
    gnutls_transport_set_errno(s.session_, EAGAIN);
    return -1;
  }
  const std::size_t part = s.in_.copy(static_cast<char*>(into), n);
  s.in_.remove_prefix(part);
  return static_cast<ssize_t>(part);
}

int session::callbacks::pull_timeout(gnutls_transport_ptr_t self, unsigned) {
  const session& s = *static_cast<session*>(self);
  return s.in_.empty() && !s.eof_ ? 0 : 1;
}

ssize_t session::callbacks::push(gnutls_transport_ptr_t self, const giovec_t* pieces, int count) {
  session& s = *static_cast<session*>(self);
  std::size_t n = 0;
  try {
    for (const giovec_t& piece : std::span(pieces, static_cast<std::size_t>(count))) {
      s.out_.append({static_cast<const char*>(piece.iov_base), piece.iov_len});
      n += piece.iov_len;
    }
  } catch (const std::bad_alloc&) {
    s.out_of_memory_ = true;
    gnutls_transport_set_errno(s.session_, ENOMEM);
    return -1;
  }
  return static_cast<ssize_t>(n);
}

// --- the making ----------------------------------------------------------------------------------------------------------------

void session::begin(unsigned flags) {
  const int made = gnutls_init(&session_, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
  if (made < 0) throw std::bad_alloc();
  gnutls_session_set_ptr(session_, this);
  gnutls_transport_set_ptr(session_, this);
  gnutls_transport_set_pull_function(session_, callbacks::pull);
  gnutls_transport_set_pull_timeout_function(session_, callbacks::pull_timeout);
  gnutls_transport_set_vec_push_function(session_, callbacks::push);
}

void set_protocols(gnutls_session_t on, const std::vector<std::string>& protocols, unsigned flags) {
  std::vector<gnutls_datum_t> list;
  list.reserve(protocols.size());
  for (const std::string& p : protocols) list.push_back(datum_of(p));
  if (!list.empty()) gnutls_alpn_set_protocols(on, list.data(), static_cast<unsigned>(list.size()), flags);
}

session::session(std::shared_ptr<const server_credentials> with) : server_(std::move(with)) {
  begin(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET);
  gnutls_priority_set(session_, server_->priorities_);
  gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, server_->certificates_);
  set_protocols(session_, server_->protocols_, GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE);
  if (!server_->wildcards_.empty()) gnutls_handshake_set_post_client_hello_function(session_, callbacks::choose_certificate);
  const bool asks = server_->clients_ != client_certificates::none;
  if (asks) {
    gnutls_certificate_server_set_request(
        session_, server_->clients_ == client_certificates::required ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
  }
  largest_message_ = asks ? largest_with_certificates : largest_hello;
  gnutls_handshake_set_max_packet_length(session_, largest_message_);
  if (server_->tickets_) {
    const gnutls_datum_t key = datum_of(server_->tickets_->bytes());
    gnutls_session_ticket_enable_server(session_, &key);
  }
}

session::session(std::shared_ptr<const client_credentials> with, destination to)
    : client_(std::move(with)), to_(std::make_unique<destination>(std::move(to))) {
  // One key share: a server without X25519 asks for another, and all others save us a key.
  unsigned flags = GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP;
  if (client_->has_certificate_) flags |= GNUTLS_FORCE_CLIENT_CERT;
  if (!client_->sessions_) flags |= GNUTLS_NO_TICKETS;
  begin(flags);
  gnutls_priority_set(session_, client_->priorities_);
  gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, client_->certificates_);
  set_protocols(session_, to_->protocols, 0);
  if (!is_address(to_->host)) gnutls_server_name_set(session_, GNUTLS_NAME_DNS, to_->host.data(), to_->host.size());
  largest_message_ = largest_with_certificates;
  gnutls_handshake_set_max_packet_length(session_, largest_message_);
  if (client_->sessions_) {
    callbacks::watch_tickets(session_);
    // One that has become useless is ignored by GnuTLS: the handshake is a full one then.
    if (const auto kept = client_->sessions_->take(cache_key())) gnutls_session_set_data(session_, kept->data(), kept->size());
  }
  go_on();
}

std::string session::server_name() const {
  if (to_) return is_address(to_->host) ? std::string() : to_->host;
  return asked_name();
}

session::~session() {
  if (session_ != nullptr) gnutls_deinit(session_);
}

// --- in ------------------------------------------------------------------------------------------------------------------------

session::progress session::receive(std::string_view ciphertext, std::span<char> into) {
  in_ = ciphertext;
  progress done;
  if (state_ == state::handshaking) go_on();
  if (state_ == state::open) decrypt(into, done.plaintext);
  done.used = ciphertext.size() - in_.size();
  in_ = {};
  pay(done);
  return done;
}

void session::receive_eof() {
  eof_ = true;
  if (state_ == state::handshaking) return fail({errc::closed_in_handshake, std::string(describe(errc::closed_in_handshake))});
  if (state_ == state::open && !peer_closed_) fail({errc::truncated, std::string(describe(errc::truncated))});
}

bool session::has_plaintext() const { return state_ == state::open && gnutls_record_check_pending(session_) > 0; }

void session::decrypt(std::span<char> into, std::size_t& got) {
  while (state_ == state::open && !peer_closed_) {
    if (got == into.size()) return;  // and GnuTLS is not asked, so that what it has stays within one record
    const std::size_t before = in_.size();
    const ssize_t n = gnutls_record_recv(session_, into.data() + got, into.size() - got);
    if (ticket_came_) keep_for_resumption();
    if (n > 0) {
      got += static_cast<std::size_t>(n);
    } else if (n == 0) {
      peer_closed_ = true;
    } else if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
      // Also after messages that carry no data, with more to come.
      if (in_.empty() || in_.size() == before) return;
    } else if (n == GNUTLS_E_WARNING_ALERT_RECEIVED && ++warnings_ <= most_warnings) {
      continue;
    } else {
      return fail(n == GNUTLS_E_WARNING_ALERT_RECEIVED ? GNUTLS_E_TOO_MANY_EMPTY_PACKETS : static_cast<int>(n));
    }
  }
}

// --- out -----------------------------------------------------------------------------------------------------------------------

void session::expect(std::size_t plaintext) {
  constexpr std::size_t record = 16UL * 1024;
  constexpr std::size_t around_record = 64;  // its header, the type of its content, the tag; in TLS 1.2 a nonce
  if (plaintext > record / 4) (void)out_.writable(plaintext + (plaintext / record + 1) * around_record);
}

bool session::send(std::string_view plaintext) {
  // One ticket, where GnuTLS would send two; and with the first answer, where it would cost a segment of its own.
  if (state_ == state::open && std::exchange(ticket_due_, false)) gnutls_session_ticket_send(session_, 1, 0);
  while (!plaintext.empty()) {
    if (state_ != state::open || close_sent_) return false;
    const ssize_t n = gnutls_record_send(session_, plaintext.data(), plaintext.size());
    if (n < 0) {
      fail(static_cast<int>(n));
      return false;
    }
    plaintext.remove_prefix(static_cast<std::size_t>(n));
  }
  return state_ == state::open;
}

void session::send_close() {
  if (state_ != state::open || std::exchange(close_sent_, true)) return;
  gnutls_bye(session_, GNUTLS_SHUT_WR);
}

void session::written(std::size_t n) {
  out_.consume(n);
  out_.release();
}

}  // namespace parley::tls
