// What a handshake settled, for sessions over TCP and over QUIC alike.
#pragma once

#include "tls/certificate.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct gnutls_session_int;

namespace parley::tls {

/// Everything is empty before the handshake is done.
class session_facts {
 public:
  [[nodiscard]] std::string_view version() const;  // `TLS 1.3`
  [[nodiscard]] std::string_view cipher() const;   // `TLS_AES_128_GCM_SHA256`
  [[nodiscard]] std::string_view group() const;    // `X25519`; empty where there is none
  /// The application protocol; empty: none was settled.
  [[nodiscard]] std::string_view protocol() const;
  [[nodiscard]] bool resumed() const;
  /// The peer's certificate and its chain, the leaf first; empty when it sent none.
  [[nodiscard]] std::vector<certificate_info> peer_certificates() const;
  /// The same as PEM text.
  [[nodiscard]] std::string peer_certificates_pem() const;
  /// Whether the peer's certificate is for this DNS name or address (RFC 9525: by its Subject Alternative Names). It says nothing about
  /// whether the certificate was verified.
  [[nodiscard]] bool is_for(std::string_view host) const;

 protected:
  session_facts();
  ~session_facts();
  /// Keeps what a handshake without certificates of the peer's settled, so that GnuTLS's session can go.
  void keep_facts();
  /// Server: the name that the client asked for.
  [[nodiscard]] std::string asked_name() const;

  gnutls_session_int* session_ = nullptr;

 private:
  struct kept_facts;
  std::unique_ptr<kept_facts> kept_;
};

}  // namespace parley::tls
