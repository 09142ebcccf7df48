#include "tls/certificate_text.hpp"
#include "tls/credentials_setup.hpp"
#include "tls/resumption_cache.hpp"
#include "tls/session_callbacks.hpp"
#include "tls/trust.hpp"

#include <arpa/inet.h>
#include <array>
#include <new>
#include <utility>

// How a session comes about: steps, the peer's certificate, tickets, and what went wrong.

namespace parley::tls {

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// --- steps -----------------------------------------------------------------------------------------------------------------------

void session::go_on() {
  while (state_ == state::handshaking) {
    const std::size_t before = in_.size();
    const int done = gnutls_handshake(session_);
    if (done == GNUTLS_E_SUCCESS) return handshake_done();
    if (done == GNUTLS_E_WARNING_ALERT_RECEIVED && ++warnings_ <= most_warnings) continue;
    if (done == GNUTLS_E_WARNING_ALERT_RECEIVED) return fail(GNUTLS_E_TOO_MANY_EMPTY_PACKETS);
    if (done != GNUTLS_E_AGAIN && done != GNUTLS_E_INTERRUPTED) return fail(done);
    if (in_.empty() || in_.size() == before) return;
  }
}

void session::handshake_done() {
  state_ = state::open;
  if (server_) {
    // A ticket sealed before must not replace a certificate that is required now.
    if (server_->clients_ == client_certificates::required && gnutls_certificate_get_peers(session_, nullptr) == nullptr) {
      return fail(GNUTLS_E_NO_CERTIFICATE_FOUND);
    }
    ticket_due_ = server_->tickets_ && gnutls_protocol_get_version(session_) == GNUTLS_TLS1_3;
    return;
  }
  // TLS 1.2 has sent what there is; 1.3's tickets come later.
  if (client_->sessions_ && gnutls_protocol_get_version(session_) == GNUTLS_TLS1_2) keep_for_resumption();
}

// --- the peer's certificate ------------------------------------------------------------------------------------------------------

void set_verification(gnutls_certificate_credentials_t on) {
  gnutls_certificate_set_verify_function(on, session::callbacks::verify);
}

error check_peer(gnutls_session_t of, const trust& believed, trust::purpose what_for, std::string_view host) {
  unsigned n = 0;
  const gnutls_datum_t* der = gnutls_certificate_get_peers(of, &n);
  // A client that was only asked may have none; where it must have one, GnuTLS refuses by itself.
  if (der == nullptr && what_for == trust::purpose::client) return {};
  const auto chain = import_chain({der, n});
  std::vector<gnutls_x509_crt_t> plain;
  plain.reserve(chain.size());
  for (const crt_handle& one : chain) plain.push_back(one.get());
  if (!plain.empty()) return believed.check(plain, what_for, host);
  error wrong{n == 0 ? errc::no_certificate : errc::bad_certificate, {}};
  wrong.message = describe(wrong.code);
  return wrong;
}

int session::callbacks::verify(gnutls_session_t of) {
  session& s = *static_cast<session*>(gnutls_session_get_ptr(of));
  if (s.client_ && !s.client_->verify_) return 0;
  try {
    error wrong = s.server_ ? check_peer(of, *s.server_->trust_, trust::purpose::client, {})
                            : check_peer(of, *s.client_->trust_, trust::purpose::server, s.to_->host);
    if (!wrong) return 0;
    s.error_ = std::move(wrong);
  } catch (const std::bad_alloc&) {
    s.out_of_memory_ = true;
  }
  return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

// Whole names are GnuTLS's to find; it does not know that a certificate may be for all names below one.
int choose_wildcard(gnutls_session_t of, const server_credentials& among) {
  std::array<char, 256> name;
  std::size_t size = name.size();
  unsigned type = 0;
  if (gnutls_server_name_get(of, name.data(), &size, &type, 0) < 0) return 0;
  if (const auto chosen = among.for_wildcard({name.data(), size})) {
    return gnutls_credentials_set(of, GNUTLS_CRD_CERTIFICATE, chosen);
  }
  return 0;
}

int session::callbacks::choose_certificate(gnutls_session_t of) {
  return choose_wildcard(of, *static_cast<session*>(gnutls_session_get_ptr(of))->server_);
}

// --- tickets ---------------------------------------------------------------------------------------------------------------------

void session::callbacks::watch_tickets(gnutls_session_t of) {
  gnutls_handshake_set_hook_function(of, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST, on_ticket);
}

int session::callbacks::on_ticket(gnutls_session_t of, unsigned, unsigned, unsigned incoming, const gnutls_datum_t*) {
  if (incoming != 0) static_cast<session*>(gnutls_session_get_ptr(of))->ticket_came_ = true;
  return 0;
}

std::string session::cache_key() const {
  std::string key = to_->host + ' ' + std::to_string(to_->port);
  for (const std::string& p : to_->protocols) key.append(1, ' ').append(p);
  return key;
}

void session::keep_for_resumption() {
  ticket_came_ = false;
  if (!client_->sessions_) return;
  owned_datum data;
  if (gnutls_session_get_data2(session_, &data.d) < 0) return;
  client_->sessions_->keep(cache_key(), std::string(data.view()));
}

// --- what went wrong -------------------------------------------------------------------------------------------------------------

namespace {

struct meaning {
  int code;  // GnuTLS's
  errc ours;
};
constexpr std::array meanings{
    meaning{GNUTLS_E_PREMATURE_TERMINATION, errc::truncated},
    meaning{GNUTLS_E_SESSION_EOF, errc::closed_in_handshake},
    meaning{GNUTLS_E_UNSUPPORTED_VERSION_PACKET, errc::version},
    meaning{GNUTLS_E_NO_CIPHER_SUITES, errc::cipher},
    meaning{GNUTLS_E_UNKNOWN_CIPHER_SUITE, errc::cipher},
    meaning{GNUTLS_E_NO_COMMON_KEY_SHARE, errc::cipher},
    meaning{GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM, errc::cipher},
    meaning{GNUTLS_E_INSUFFICIENT_SECURITY, errc::cipher},
    meaning{GNUTLS_E_DH_PRIME_UNACCEPTABLE, errc::cipher},
    meaning{GNUTLS_E_NO_APPLICATION_PROTOCOL, errc::protocol},
    meaning{GNUTLS_E_DECRYPTION_FAILED, errc::bad_record},
    meaning{GNUTLS_E_REHANDSHAKE, errc::renegotiation},
    meaning{GNUTLS_E_HANDSHAKE_TOO_LARGE, errc::too_large},
    meaning{GNUTLS_E_TOO_MANY_EMPTY_PACKETS, errc::flood},
    meaning{GNUTLS_E_TOO_MANY_HANDSHAKE_PACKETS, errc::flood},
    meaning{GNUTLS_E_NO_CERTIFICATE_FOUND, errc::no_certificate},
    meaning{GNUTLS_E_CERTIFICATE_REQUIRED, errc::no_certificate},
    meaning{GNUTLS_E_CERTIFICATE_ERROR, errc::bad_certificate},
    meaning{GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR, errc::bad_certificate},
    meaning{GNUTLS_E_PK_SIG_VERIFY_FAILED, errc::bad_certificate},
    meaning{GNUTLS_E_INTERNAL_ERROR, errc::internal},
    meaning{GNUTLS_E_MEMORY_ERROR, errc::internal},
    meaning{GNUTLS_E_PUSH_ERROR, errc::internal},
};

}  // namespace

errc meaning_of(int code) {
  for (const meaning& m : meanings) {
    if (m.code == code) return m.ours;
  }
  return errc::malformed;  // GnuTLS has dozens of codes for messages that break the rules
}

errc meaning_of_alert(int alert) {
  switch (alert) {
    case GNUTLS_A_PROTOCOL_VERSION: return errc::version;
    case GNUTLS_A_HANDSHAKE_FAILURE:
    case GNUTLS_A_INSUFFICIENT_SECURITY: return errc::cipher;
    case GNUTLS_A_NO_APPLICATION_PROTOCOL: return errc::protocol;
    case GNUTLS_A_BAD_CERTIFICATE:
    case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
    case GNUTLS_A_CERTIFICATE_REVOKED:
    case GNUTLS_A_CERTIFICATE_EXPIRED:
    case GNUTLS_A_CERTIFICATE_UNKNOWN:
    case GNUTLS_A_CERTIFICATE_REQUIRED:
    case GNUTLS_A_UNKNOWN_CA:
    case GNUTLS_A_ACCESS_DENIED: return errc::refused_by_peer;
    case GNUTLS_A_NO_RENEGOTIATION: return errc::renegotiation;
    default: return errc::alert;
  }
}

error error_of_alert(int alert) {
  // A peer may send any byte, and the type's values end at 127.
  const char* alert_name =
      alert >= 0 && alert < 128 ? gnutls_alert_get_name(static_cast<gnutls_alert_description_t>(alert)) : nullptr;
  error why{meaning_of_alert(alert), {}};
  why.message = std::string(describe(why.code)) + " (its alert: " + (alert_name != nullptr ? alert_name : "unknown") + ")";
  return why;
}

namespace {

// RFC 8446 §6.2: what the peer is told.
gnutls_alert_description_t alert_for(errc code) {
  switch (code) {
    case errc::expired:
    case errc::not_yet_valid: return GNUTLS_A_CERTIFICATE_EXPIRED;
    case errc::revoked: return GNUTLS_A_CERTIFICATE_REVOKED;
    case errc::self_signed:
    case errc::unknown_authority: return GNUTLS_A_UNKNOWN_CA;
    case errc::wrong_purpose: return GNUTLS_A_UNSUPPORTED_CERTIFICATE;
    case errc::no_certificate: return GNUTLS_A_CERTIFICATE_REQUIRED;
    case errc::bad_record: return GNUTLS_A_BAD_RECORD_MAC;
    case errc::renegotiation: return GNUTLS_A_NO_RENEGOTIATION;
    case errc::flood: return GNUTLS_A_UNEXPECTED_MESSAGE;
    default: return GNUTLS_A_BAD_CERTIFICATE;
  }
}

}  // namespace

void session::fail(int code) {
  if (out_of_memory_ || code == GNUTLS_E_MEMORY_ERROR) return fail({errc::internal, "no memory is left for TLS"});
  error why = std::exchange(error_, {});  // the verification's
  if (code == GNUTLS_E_FATAL_ALERT_RECEIVED || code == GNUTLS_E_WARNING_ALERT_RECEIVED) {
    return fail(error_of_alert(static_cast<int>(gnutls_alert_get(session_))));
  }
  if (!why) {
    why.code = meaning_of(code);
    if (why.code == errc::truncated && state_ == state::handshaking) why.code = errc::closed_in_handshake;
    why.message = std::string(describe(why.code));
    if (why.code == errc::malformed || why.code == errc::internal) why.message += std::string(" (") + gnutls_strerror(code) + ")";
  }
  const bool ours = why.code >= errc::no_certificate || why.code == errc::bad_record || why.code == errc::renegotiation ||
                    why.code == errc::flood;
  if (ours) {
    gnutls_alert_send(session_, GNUTLS_AL_FATAL, alert_for(why.code));
  } else if (why.code != errc::truncated && why.code != errc::closed_in_handshake) {
    gnutls_alert_send_appropriate(session_, code);
  }
  fail(std::move(why));
}

// What GnuTLS bounds itself, it bounds within one call or one second (200 empty records, 8 key updates), and a message's size only once
// the message is whole: until then it gathers up to 16 MiB. This holds for all of it.
void session::pay(const progress& done) {
  if (done.plaintext > 0) {
    without_content_ = 0;
  } else if ((without_content_ += static_cast<std::uint32_t>(done.used)) > 2 * largest_message_ && state_ != state::failed) {
    fail(GNUTLS_E_TOO_MANY_EMPTY_PACKETS);
  }
}

void session::fail(error why) {
  if (state_ == state::failed) return;
  state_ = state::failed;
  error_ = std::move(why);
}

}  // namespace parley::tls
