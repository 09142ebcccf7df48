#include "tls/credentials_setup.hpp"
#include "tls/resumption_cache.hpp"
#include "tls/trust.hpp"

namespace parley::tls {
namespace {

// As a server's, and ephemeral Diffie-Hellman for old ones that have no curves.
constexpr const char* client_priorities =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-ECDSA:+ECDHE-RSA:+DHE-RSA:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:+SIGN-ALL:"
    "-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:%PROFILE_MEDIUM";

}  // namespace

std::expected<std::shared_ptr<const client_credentials>, error> client_credentials::make(const client_settings& settings) {
  std::shared_ptr<client_credentials> made(new client_credentials);
  made->certificates_ = new_certificate_credentials();
  for (const certificate_source& source : settings.certificates) {
    if (error wrong = add_certificate(made->certificates_, source)) return std::unexpected(std::move(wrong));
  }
  made->has_certificate_ = !settings.certificates.empty();
  auto believed = trust::make(settings.authorities, settings.system_authorities);
  if (!believed) return std::unexpected(std::move(believed.error()));
  made->trust_ = std::move(*believed);
  made->priorities_ = new_priorities(client_priorities, settings.tls1_2, settings.tls1_3);
  made->quic_priorities_ = new_quic_priorities(client_priorities);
  made->verify_ = settings.verify;
  if (settings.resume) made->sessions_ = std::make_unique<resumption_cache>();
  if (settings.resume) made->tokens_ = std::make_unique<resumption_cache>();
  set_verification(made->certificates_);
  return made;
}

client_credentials::~client_credentials() {
  if (priorities_ != nullptr) gnutls_priority_deinit(priorities_);
  if (quic_priorities_ != nullptr) gnutls_priority_deinit(quic_priorities_);
  if (certificates_ != nullptr) gnutls_certificate_free_credentials(certificates_);
}

std::size_t client_credentials::kept_sessions() const { return sessions_ ? sessions_->size() : 0; }

}  // namespace parley::tls
