#include "tls/credentials_setup.hpp"

#include "tls/certificate_text.hpp"

#include <new>
#include <stdexcept>
#include <utility>

namespace parley::tls {

gnutls_certificate_credentials_t new_certificate_credentials() {
  gnutls_certificate_credentials_t made = nullptr;
  if (gnutls_certificate_allocate_credentials(&made) < 0) throw std::bad_alloc();
  return made;
}

gnutls_priority_t new_priorities(std::string text, bool tls1_2, bool tls1_3) {
  if (!tls1_2) text += ":-VERS-TLS1.2";
  if (!tls1_3) text += ":-VERS-TLS1.3";
  gnutls_priority_t made = nullptr;
  const char* where = nullptr;
  const int done = gnutls_priority_init(&made, text.c_str(), &where);
  if (done == GNUTLS_E_MEMORY_ERROR) throw std::bad_alloc();
  if (done < 0) throw std::logic_error(std::string("parley: this GnuTLS does not know the priority ") + where);
  return made;
}

gnutls_priority_t new_quic_priorities(std::string text) {
  return new_priorities(std::move(text) + ":%DISABLE_TLS13_COMPAT_MODE", false, true);
}

error add_certificate(gnutls_certificate_credentials_t to, const certificate_source& source) {
  const std::string from = source.from.empty() ? "given" : source.from;
  if (import_pem(source.certificates).empty()) {
    return {errc::not_pem, "the certificate " + from + " is no PEM text with a certificate (-----BEGIN CERTIFICATE-----) in it"};
  }
  const gnutls_datum_t certificates = datum_of(source.certificates);
  const gnutls_datum_t key = datum_of(source.key);
  const int done = gnutls_certificate_set_x509_key_mem2(to, &certificates, &key, GNUTLS_X509_FMT_PEM, nullptr, 0);
  if (done >= 0) return {};
  switch (done) {
    case GNUTLS_E_MEMORY_ERROR: throw std::bad_alloc();
    case GNUTLS_E_CERTIFICATE_KEY_MISMATCH:
      return {errc::mismatch, "the private key given with the certificate " + from + " is another one's"};
    case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:  // the text has no key of any kind
      return {errc::not_pem,
              "no private key is in " + (source.key_from.empty() ? from : source.key_from) + "; it may be in a file of its own"};
    case GNUTLS_E_DECRYPTION_FAILED:
      return {errc::encrypted, "the private key of the certificate " + from +
                                   " is encrypted; decrypt it first, as with: openssl pkey -in KEY -out PLAIN_KEY"};
    default: return {errc::not_pem, "the private key of the certificate " + from + " cannot be used: " + gnutls_strerror(done)};
  }
}

}  // namespace parley::tls
