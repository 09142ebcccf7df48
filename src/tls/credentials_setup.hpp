// What both kinds of credentials are made with.
#pragma once

#include "tls/credentials.hpp"
#include "tls/gnutls_handles.hpp"

namespace parley::tls {

[[nodiscard]] gnutls_certificate_credentials_t new_certificate_credentials();
/// Of a string of ours: one that GnuTLS does not understand is a defect.
[[nodiscard]] gnutls_priority_t new_priorities(std::string text, bool tls1_2, bool tls1_3);
/// The same for QUIC: TLS 1.3 without its compatibility mode (RFC 9001 §8.4).
[[nodiscard]] gnutls_priority_t new_quic_priorities(std::string text);
/// No error: it was added.
[[nodiscard]] error add_certificate(gnutls_certificate_credentials_t to, const certificate_source& source);
/// Peers' certificates are checked by the session (session_verify.cpp).
void set_verification(gnutls_certificate_credentials_t on);

}  // namespace parley::tls
