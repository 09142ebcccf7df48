#include "base/ascii.hpp"
#include "tls/certificate_text.hpp"
#include "tls/credentials_setup.hpp"
#include "tls/replay_guard.hpp"
#include "tls/trust.hpp"

#include <algorithm>
#include <new>

namespace parley::tls {
namespace {

// RFC 9325 §4.2: forward secrecy and authenticated encryption only. AES-128-GCM before AES-256-GCM, and the fastest group and
// signature first.
constexpr const char* server_priorities =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-ECDSA:+ECDHE-RSA:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:+SIGN-ALL:"
    "-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:%SERVER_PRECEDENCE";

}  // namespace

std::shared_ptr<const ticket_key> ticket_key::make() {
  std::shared_ptr<ticket_key> made(new ticket_key);
  owned_datum key;
  if (gnutls_session_ticket_key_generate(&key.d) < 0) throw std::bad_alloc();
  made->bytes_ = key.view();
  gnutls_memset(key.d.data, 0, key.d.size);
  return made;
}

ticket_key::~ticket_key() { gnutls_memset(bytes_.data(), 0, bytes_.size()); }

std::expected<std::shared_ptr<const server_credentials>, error> server_credentials::make(const server_settings& settings) {
  std::shared_ptr<server_credentials> made(new server_credentials);
  if (settings.certificates.empty()) return std::unexpected(error{errc::no_certificate, "a TLS server needs a certificate"});
  made->certificates_ = new_certificate_credentials();
  for (const certificate_source& source : settings.certificates) {
    if (error wrong = add_certificate(made->certificates_, source)) return std::unexpected(std::move(wrong));
  }
  if (error wrong = made->add_wildcards(settings.certificates)) return std::unexpected(std::move(wrong));
  if (settings.clients != client_certificates::none) {
    auto believed = trust::make({settings.client_authorities}, false);
    if (!believed) return std::unexpected(std::move(believed.error()));
    made->trust_ = std::move(*believed);
    // Only for their names, which clients are told so that they can choose a certificate.
    const gnutls_datum_t pem = datum_of(settings.client_authorities);
    gnutls_certificate_set_x509_trust_mem(made->certificates_, &pem, GNUTLS_X509_FMT_PEM);
    for (const auto& [name, credentials] : made->wildcards_) {
      gnutls_certificate_set_x509_trust_mem(credentials, &pem, GNUTLS_X509_FMT_PEM);
    }
  }
  made->priorities_ = new_priorities(server_priorities, settings.tls1_2, settings.tls1_3);
  made->quic_priorities_ = new_quic_priorities(server_priorities);
  made->protocols_ = settings.protocols;
  made->clients_ = settings.clients;
  made->tickets_ = settings.tickets;
  made->replays_ = settings.replays;
  set_verification(made->certificates_);
  return made;
}

server_credentials::~server_credentials() {
  if (priorities_ != nullptr) gnutls_priority_deinit(priorities_);
  if (quic_priorities_ != nullptr) gnutls_priority_deinit(quic_priorities_);
  if (certificates_ != nullptr) gnutls_certificate_free_credentials(certificates_);
  for (const auto& [name, credentials] : wildcards_) gnutls_certificate_free_credentials(credentials);
}

error server_credentials::add_wildcards(const std::vector<certificate_source>& certificates) {
  for (const certificate_source& source : certificates) {
    const auto chain = import_pem(source.certificates);
    for (const std::string& name : info_of(chain.front().get()).names) {
      if (!name.starts_with("*.")) {
        names_.push_back(name);
        continue;
      }
      const std::string rest = name.substr(1);
      auto at = std::ranges::find_if(wildcards_, [&](const auto& w) { return base::iequals(w.first, rest); });
      if (at == wildcards_.end()) {
        at = wildcards_.insert(wildcards_.end(), {rest, new_certificate_credentials()});
        set_verification(at->second);
      }
      if (error wrong = add_certificate(at->second, source)) return wrong;
    }
  }
  return {};
}

gnutls_certificate_credentials_t server_credentials::for_wildcard(std::string_view server_name) const {
  const std::size_t dot = server_name.find('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  if (std::ranges::any_of(names_, [&](const std::string& n) { return base::iequals(n, server_name); })) return nullptr;
  for (const auto& [rest, credentials] : wildcards_) {
    if (base::iequals(rest, server_name.substr(dot))) return credentials;
  }
  return nullptr;
}

}  // namespace parley::tls
