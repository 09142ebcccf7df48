#include "tls/quic_session.hpp"

#include "tls/credentials_setup.hpp"
#include "tls/gnutls_handles.hpp"
#include "tls/replay_guard.hpp"
#include "tls/resumption_cache.hpp"
#include "tls/session_callbacks.hpp"
#include "tls/trust.hpp"

#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace parley::tls {

// GnuTLS calls these; none may throw, since there is C between us and ourselves.
struct quic_session::callbacks {
  // The user pointer is the transport's glue's; a QUIC session has no transport of GnuTLS's, so that pointer is free.
  static quic_session& self(gnutls_session_t of) { return *static_cast<quic_session*>(gnutls_transport_get_ptr(of)); }

  static int verify(gnutls_session_t of) {
    quic_session& s = self(of);
    if (s.client_ && !s.client_->verify_) return 0;
    try {
      s.error_ = s.server_ ? check_peer(of, *s.server_->trust_, trust::purpose::client, {})
                           : check_peer(of, *s.client_->trust_, trust::purpose::server, s.to_->host);
    } catch (const std::bad_alloc&) {
      return GNUTLS_E_MEMORY_ERROR;
    }
    return s.error_ ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR : 0;
  }
  static int choose_certificate(gnutls_session_t of) { return choose_wildcard(of, *self(of).server_); }
  static int on_ticket(gnutls_session_t of, unsigned, unsigned, unsigned incoming, const gnutls_datum_t*) {
    if (incoming != 0) self(of).ticket_came_ = true;
    return 0;
  }
};

namespace {
constexpr unsigned quic_flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_END_OF_EARLY_DATA;
// RFC 9001 §4.6.1: the one value that QUIC allows where early data is taken.
constexpr std::size_t any_early_data = 0xffffffff;
// RFC 9001 has no records, so this alone bounds a message: a ClientHello or a chain of certificates.
constexpr std::size_t largest_message = 96 * 1024;
}  // namespace

void quic_session::begin(unsigned flags, const std::vector<std::string>& protocols, unsigned protocol_flags) {
  if (gnutls_init(&session_, flags | quic_flags) < 0) throw std::bad_alloc();
  gnutls_transport_set_ptr(session_, this);
  gnutls_session_set_verify_function(session_, callbacks::verify);
  gnutls_handshake_set_max_packet_length(session_, largest_message);
  set_protocols(session_, protocols, protocol_flags);
  wants_protocol_ = !protocols.empty();
}

quic_session::quic_session(std::shared_ptr<const server_credentials> with, const std::vector<std::string>& protocols, bool early)
    : server_(std::move(with)) {
  early = early && server_->tickets_ && server_->replays_ && server_->clients_ == client_certificates::none;
  unsigned flags = GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET;
  if (early) flags |= GNUTLS_ENABLE_EARLY_DATA;
  begin(flags, protocols, GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE);
  gnutls_priority_set(session_, server_->quic_priorities_);
  gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, server_->certificates_);
  if (!server_->wildcards_.empty()) gnutls_handshake_set_post_client_hello_function(session_, callbacks::choose_certificate);
  if (server_->clients_ != client_certificates::none) {
    gnutls_certificate_server_set_request(
        session_, server_->clients_ == client_certificates::required ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
  }
  if (server_->tickets_) {
    const gnutls_datum_t key = datum_of(server_->tickets_->bytes());
    gnutls_session_ticket_enable_server(session_, &key);
  }
  if (early) {
    gnutls_anti_replay_enable(session_, server_->replays_->native());
    gnutls_record_set_max_early_data_size(session_, any_early_data);
  }
}

quic_session::quic_session(std::shared_ptr<const client_credentials> with, destination to, const quic_ticket* resume, bool early)
    : client_(std::move(with)), to_(std::make_unique<destination>(std::move(to))) {
  unsigned flags = GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP;
  if (client_->has_certificate_) flags |= GNUTLS_FORCE_CLIENT_CERT;
  if (!client_->sessions_) flags |= GNUTLS_NO_TICKETS;
  if (early) flags |= GNUTLS_ENABLE_EARLY_DATA;
  begin(flags, to_->protocols, GNUTLS_ALPN_MANDATORY);
  gnutls_priority_set(session_, client_->quic_priorities_);
  gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, client_->certificates_);
  if (!is_address(to_->host)) gnutls_server_name_set(session_, GNUTLS_NAME_DNS, to_->host.data(), to_->host.size());
  if (client_->sessions_) {
    gnutls_handshake_set_hook_function(session_, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST, callbacks::on_ticket);
  }
  // One that has become useless is ignored by GnuTLS: the handshake is a full one then.
  if (resume != nullptr) gnutls_session_set_data(session_, resume->session.data(), resume->session.size());
}

quic_session::~quic_session() {
  if (session_ != nullptr) gnutls_deinit(session_);
}

void quic_session::set_glue(void* user_pointer) { gnutls_session_set_ptr(session_, user_pointer); }

bool quic_session::handshake_done() {
  // A ticket sealed before must not replace a certificate that is required now.
  if (server_ && server_->clients_ == client_certificates::required && gnutls_certificate_get_peers(session_, nullptr) == nullptr) {
    error_ = {errc::no_certificate, std::string(describe(errc::no_certificate))};
    return false;
  }
  return true;
}

void quic_session::send_ticket() {
  if (server_ && server_->tickets_) gnutls_session_ticket_send(session_, 1, 0);
}

bool quic_session::let_go() {
  if (session_ == nullptr || !server_ || gnutls_certificate_get_peers(session_, nullptr) != nullptr) return false;
  keep_facts();
  gnutls_deinit(std::exchange(session_, nullptr));
  return true;
}

std::optional<std::string> quic_session::take_ticket() {
  if (!std::exchange(ticket_came_, false)) return std::nullopt;
  owned_datum data;
  if (gnutls_session_get_data2(session_, &data.d) < 0) return std::nullopt;
  return std::string(data.view());
}

bool quic_session::early_data_accepted() const {
  return session_ != nullptr && (gnutls_session_get_flags(session_) & GNUTLS_SFLAGS_EARLY_DATA) != 0;
}

error quic_session::failure(int alert, bool from_peer) const {
  if (error_) return error_;
  error why = error_of_alert(alert);
  if (from_peer) return why;
  // What we tell the peer says less than a code of GnuTLS's would, but the glue keeps none.
  switch (alert) {
    case GNUTLS_A_PROTOCOL_VERSION: why.code = errc::version; break;
    case GNUTLS_A_NO_APPLICATION_PROTOCOL: why.code = errc::protocol; break;
    case GNUTLS_A_HANDSHAKE_FAILURE: why.code = errc::cipher; break;
    case GNUTLS_A_CERTIFICATE_REQUIRED: why.code = errc::no_certificate; break;
    case GNUTLS_A_INTERNAL_ERROR: why.code = errc::internal; break;
    default: why.code = errc::malformed; break;
  }
  why.message = describe(why.code);
  return why;
}

std::string quic_session::server_name() const {
  if (to_) return is_address(to_->host) ? std::string() : to_->host;
  return asked_name();
}

// --- what clients keep ---------------------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view quic_keys = "quic ";

std::string quic_key(const destination& of) {
  std::string key = std::string(quic_keys) + of.host + ' ' + std::to_string(of.port);
  for (const std::string& p : of.protocols) key.append(1, ' ').append(p);
  return key;
}

void put(std::string& into, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  std::array<char, sizeof size> bytes;
  std::memcpy(bytes.data(), &size, sizeof size);
  into.append(bytes.data(), bytes.size()).append(part);
}

/// Of bytes that may be anybody's.
std::optional<std::string_view> cut_whole(std::string_view& from) {
  std::uint32_t size = 0;
  if (from.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, from.data(), sizeof size);
  if (from.size() - sizeof size < size) return std::nullopt;
  const std::string_view part = from.substr(sizeof size, size);
  from.remove_prefix(sizeof size + size);
  return part;
}

std::string cut(std::string_view& from) {
  std::uint32_t size = 0;
  std::memcpy(&size, from.data(), sizeof size);
  std::string part(from.substr(sizeof size, size));
  from.remove_prefix(sizeof size + size);
  return part;
}

}  // namespace

void keep_ticket(const client_credentials& in, const destination& of, const quic_ticket& ticket) {
  if (!in.sessions_) return;
  std::string whole;
  put(whole, ticket.session);
  put(whole, ticket.transport);
  put(whole, ticket.application);
  put(whole, ticket.address);
  in.sessions_->keep(quic_key(of), std::move(whole));
}

namespace {

quic_ticket ticket_from(std::string_view kept) {
  quic_ticket ticket;
  ticket.session = cut(kept);
  ticket.transport = cut(kept);
  ticket.application = cut(kept);
  ticket.address = cut(kept);
  return ticket;
}

}  // namespace

std::optional<quic_ticket> take_ticket(const client_credentials& in, const destination& of) {
  if (!in.sessions_) return std::nullopt;
  const auto whole = in.sessions_->take(quic_key(of));
  if (!whole) return std::nullopt;
  return ticket_from(*whole);
}

std::string ticket_address(const client_credentials& in, const destination& of) {
  if (!in.sessions_) return {};
  const auto whole = in.sessions_->newest(quic_key(of));
  return whole ? ticket_from(*whole).address : std::string();
}

std::vector<std::string> kept_tickets(const client_credentials& in) {
  std::vector<std::string> all;
  if (!in.sessions_) return all;
  for (const auto& [key, session] : in.sessions_->all(quic_keys)) {
    std::string& one = all.emplace_back();
    put(one, key);
    put(one, session);
  }
  return all;
}

bool keep_again(const client_credentials& in, std::string_view kept) {
  const auto key = cut_whole(kept);
  const auto session = key ? cut_whole(kept) : std::nullopt;
  if (!session || !kept.empty() || !key->starts_with(quic_keys)) return false;
  std::string_view parts = *session;
  constexpr int parts_of_a_ticket = 4;
  for (int i = 0; i < parts_of_a_ticket; ++i) {
    if (!cut_whole(parts)) return false;
  }
  if (!parts.empty()) return false;
  if (in.sessions_) in.sessions_->keep(std::string(*key), std::string(*session));
  return true;
}

void keep_token(const client_credentials& in, const destination& of, std::string token) {
  if (in.tokens_) in.tokens_->keep(quic_key(of), std::move(token));
}

std::optional<std::string> take_token(const client_credentials& in, const destination& of) {
  return in.tokens_ ? in.tokens_->take(quic_key(of)) : std::nullopt;
}

}  // namespace parley::tls
