// From GnuTLS's certificates to texts, for the .cpp files of this room.
#pragma once

#include "tls/certificate.hpp"
#include "tls/gnutls_handles.hpp"

namespace parley::tls {

[[nodiscard]] certificate_info info_of(gnutls_x509_crt_t crt);
/// Whether it is for this DNS name or address: by its Subject Alternative Names (RFC 9525).
[[nodiscard]] bool certificate_is_for(gnutls_x509_crt_t leaf, const certificate_info& info, std::string_view host);
/// All of a PEM text. Empty when there is none or one cannot be read.
[[nodiscard]] std::vector<crt_handle> import_pem(std::string_view pem);
/// What a peer's text looks like in a message: visible ASCII only, and not more than 256 characters.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace parley::tls
