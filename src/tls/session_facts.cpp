#include "tls/session_facts.hpp"

#include "tls/certificate_text.hpp"

#include <array>

// What a handshake settled.

namespace parley::tls {

namespace {
std::string_view text_or_nothing(const char* text) { return text != nullptr ? std::string_view(text) : std::string_view(); }
}  // namespace

// Names are GnuTLS's constants.
struct session_facts::kept_facts {
  std::string_view version;
  std::string_view cipher;
  std::string_view group;
  std::string protocol;
  std::string asked_name;
  bool resumed;
};

session_facts::session_facts() = default;
session_facts::~session_facts() = default;

void session_facts::keep_facts() {
  kept_ = std::make_unique<kept_facts>(version(), cipher(), group(), std::string(protocol()), asked_name(), resumed());
}

std::string_view session_facts::version() const {
  if (kept_) return kept_->version;
  switch (gnutls_protocol_get_version(session_)) {
    case GNUTLS_TLS1_3: return "TLS 1.3";
    case GNUTLS_TLS1_2: return "TLS 1.2";
    default: return {};
  }
}

std::string_view session_facts::cipher() const { return kept_ ? kept_->cipher : text_or_nothing(gnutls_ciphersuite_get(session_)); }

std::string_view session_facts::group() const {
  if (kept_) return kept_->group;
  const auto group = gnutls_group_get(session_);
  return group == GNUTLS_GROUP_INVALID ? std::string_view() : text_or_nothing(gnutls_group_get_name(group));
}

std::string_view session_facts::protocol() const {
  if (kept_) return kept_->protocol;
  gnutls_datum_t chosen{nullptr, 0};
  if (gnutls_alpn_get_selected_protocol(session_, &chosen) < 0) return {};
  return {reinterpret_cast<const char*>(chosen.data), chosen.size};
}

bool session_facts::resumed() const { return kept_ ? kept_->resumed : gnutls_session_is_resumed(session_) != 0; }

std::string session_facts::asked_name() const {
  if (kept_) return kept_->asked_name;
  std::array<char, 256> name;
  std::size_t size = name.size();
  unsigned type = 0;
  if (gnutls_server_name_get(session_, name.data(), &size, &type, 0) < 0) return {};
  return {name.data(), size};
}

std::vector<certificate_info> session_facts::peer_certificates() const {
  if (kept_) return {};
  unsigned n = 0;
  const gnutls_datum_t* der = gnutls_certificate_get_peers(session_, &n);
  std::vector<certificate_info> all;
  if (der == nullptr) return all;
  for (const crt_handle& crt : import_chain({der, n})) all.push_back(info_of(crt.get()));
  return all;
}

std::string session_facts::peer_certificates_pem() const {
  if (kept_) return {};
  unsigned n = 0;
  const gnutls_datum_t* der = gnutls_certificate_get_peers(session_, &n);
  std::string text;
  if (der == nullptr) return text;
  for (const crt_handle& crt : import_chain({der, n})) {
    owned_datum pem;
    if (gnutls_x509_crt_export2(crt.get(), GNUTLS_X509_FMT_PEM, &pem.d) < 0) return {};
    text += pem.view();
  }
  return text;
}

bool session_facts::is_for(std::string_view host) const {
  if (kept_) return false;
  unsigned n = 0;
  const gnutls_datum_t* der = gnutls_certificate_get_peers(session_, &n);
  if (der == nullptr || n == 0) return false;
  const auto chain = import_chain({der, 1});
  return !chain.empty() && certificate_is_for(chain.front().get(), info_of(chain.front().get()), host);
}

}  // namespace parley::tls
