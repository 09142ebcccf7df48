#include "tls/trust.hpp"

#include "tls/certificate_text.hpp"

#include <array>
#include <ctime>
#include <new>

namespace parley::tls {
namespace {

std::string day_of(std::chrono::system_clock::time_point when) {
  const std::time_t t = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  gmtime_r(&t, &parts);
  std::array<char, 32> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return {text.data(), n};
}

gnutls_x509_trust_list_t new_list() {
  gnutls_x509_trust_list_t list = nullptr;
  if (gnutls_x509_trust_list_init(&list, 0) < 0) throw std::bad_alloc();
  return list;
}

unsigned status_of(gnutls_x509_trust_list_t list, std::span<gnutls_x509_crt_int* const> chain, const char* purpose) {
  // GnuTLS sorts a copy of the chain where the peer's order is wrong.
  std::vector<gnutls_x509_crt_t> certificates(chain.begin(), chain.end());
  gnutls_typed_vdata_st wanted{};
  wanted.type = GNUTLS_DT_KEY_PURPOSE_OID;
  wanted.data = reinterpret_cast<unsigned char*>(const_cast<char*>(purpose));
  unsigned status = 0;
  const int done = gnutls_x509_trust_list_verify_crt2(list, certificates.data(), static_cast<unsigned>(certificates.size()),
                                                      &wanted, 1, 0, &status, nullptr);
  return done < 0 ? static_cast<unsigned>(GNUTLS_CERT_INVALID) : status;
}

std::string list_names(const certificate_info& info) {
  if (info.names.empty()) return "no name at all";
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < info.names.size() && i < most; ++i) {
    if (i > 0) text += ", ";
    text += printable(info.names[i]);
  }
  if (info.names.size() > most) text += " and " + std::to_string(info.names.size() - most) + " more";
  return text;
}

error words_for(unsigned status, std::span<gnutls_x509_crt_int* const> chain, const std::string& whose) {
  const certificate_info leaf = info_of(chain.front());
  if ((status & GNUTLS_CERT_REVOKED) != 0) return {errc::revoked, whose + " was revoked by its authority"};
  if ((status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA)) != 0) {
    if (gnutls_x509_crt_check_issuer(chain.front(), chain.front()) != 0) {
      return {errc::self_signed, whose + " is self-signed: nobody else vouches for it"};
    }
    return {errc::unknown_authority,
            whose + " was issued by \"" + printable(info_of(chain.back()).issuer) + "\", which is no trusted authority"};
  }
  if ((status & GNUTLS_CERT_EXPIRED) != 0) {
    for (gnutls_x509_crt_t one : chain) {
      const certificate_info info = info_of(one);
      if (info.not_after >= std::chrono::system_clock::now()) continue;
      if (one == chain.front())
        return {errc::expired, whose + " expired on " + day_of(info.not_after) + "; its owner must renew it"};
      return {errc::expired, "the authority \"" + printable(info.subject) + "\" behind " + whose + " expired on " +
                                 day_of(info.not_after) + "; the peer must renew its chain"};
    }
    return {errc::expired, whose + " or an authority behind it has expired"};
  }
  if ((status & GNUTLS_CERT_NOT_ACTIVATED) != 0) {
    return {errc::not_yet_valid, whose + " is valid from " + day_of(leaf.not_before) + " on only; is this machine's clock right?"};
  }
  if ((status & GNUTLS_CERT_INSECURE_ALGORITHM) != 0) {
    return {errc::weak, whose + " rests on an algorithm or a key that is no longer safe; its owner must renew it"};
  }
  if ((status & GNUTLS_CERT_PURPOSE_MISMATCH) != 0) return {errc::wrong_purpose, whose + " is not meant for this use"};
  return {errc::bad_certificate, whose + " does not hold: its chain cannot be verified"};
}

}  // namespace

std::expected<std::unique_ptr<const trust>, error> trust::make(const std::vector<std::string>& authorities, bool system_too) {
  std::unique_ptr<trust> made(new trust);
  made->with_system_ = system_too;
  for (const std::string& pem : authorities) {
    if (made->own_ == nullptr) made->own_ = new_list();
    const gnutls_datum_t text = datum_of(pem);
    const int n = gnutls_x509_trust_list_add_trust_mem(made->own_, &text, nullptr, GNUTLS_X509_FMT_PEM, 0, 0);
    if (n <= 0) return std::unexpected(error{errc::not_pem, "no authority's certificate in PEM is in what was given to trust"});
  }
  return made;
}

trust::~trust() {
  if (own_ != nullptr) gnutls_x509_trust_list_deinit(own_, 1);
  if (system_ != nullptr) gnutls_x509_trust_list_deinit(system_, 1);
}

gnutls_x509_trust_list_t trust::system() const {
  std::call_once(system_read_, [this] {
    system_ = new_list();
    (void)gnutls_x509_trust_list_add_system_trust(system_, 0, 0);  // none: nobody is vouched for
  });
  return system_;
}

error trust::check(std::span<gnutls_x509_crt_int* const> chain, purpose what_for, std::string_view host) const {
  if (chain.empty()) return {errc::no_certificate, "the peer sent no certificate"};
  const bool server = what_for == purpose::server;
  const char* use = server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
  unsigned status = GNUTLS_CERT_INVALID | GNUTLS_CERT_SIGNER_NOT_FOUND;
  if (own_ != nullptr) status = status_of(own_, chain, use);
  // Reading the system's store takes milliseconds: not for those who get along with their own authority.
  if (with_system_ && (status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0) status = status_of(system(), chain, use);
  const certificate_info leaf = info_of(chain.front());
  const std::string whose =
      server ? "the certificate of " + printable(host) : "the client's certificate \"" + printable(leaf.subject) + "\"";
  if (status != 0) return words_for(status, chain, whose);
  if (server && !certificate_is_for(chain.front(), leaf, host)) {
    return {errc::wrong_name,
            whose + " is for " + list_names(leaf) + ": this is another server, or the URL has another name for it"};
  }
  return {};
}

}  // namespace parley::tls
