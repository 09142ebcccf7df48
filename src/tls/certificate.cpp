#include "tls/certificate.hpp"

#include "base/unique_fd.hpp"
#include "tls/certificate_text.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::tls {
namespace {

constexpr std::size_t largest_file = 16 * 1024 * 1024;

std::expected<std::string, error> read_file(const std::string& path, std::string_view what) {
  const auto refuse = [&](std::string_view why) {
    return std::unexpected(error{errc::unreadable, "cannot read the " + std::string(what) + " " + path + ": " + std::string(why)});
  };
  const base::unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return refuse(std::strerror(errno));
  std::string text;
  std::array<char, 16 * 1024> piece;
  while (true) {
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(std::strerror(errno));
    if (n == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(n));
    if (text.size() > largest_file) return refuse("it is larger than 16 MiB");
  }
}

std::string dn_of(gnutls_x509_crt_t crt, int (*get)(gnutls_x509_crt_t, gnutls_datum_t*, unsigned)) {
  owned_datum text;
  if (get(crt, &text.d, 0) < 0) return {};
  return std::string(text.view());
}

std::string address_text(const unsigned char* bytes, std::size_t size) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = size == 4 ? AF_INET : AF_INET6;
  if ((size != 4 && size != 16) || inet_ntop(family, bytes, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

std::vector<std::string> names_of(gnutls_x509_crt_t crt) {
  std::vector<std::string> names;
  std::array<unsigned char, 1024> name;
  for (unsigned i = 0; i < 1000; ++i) {
    std::size_t size = name.size();
    unsigned type = 0;
    const int got = gnutls_x509_crt_get_subject_alt_name2(crt, i, name.data(), &size, &type, nullptr);
    if (got == GNUTLS_E_SHORT_MEMORY_BUFFER) continue;  // longer than any DNS name
    if (got < 0) break;
    if (type == GNUTLS_SAN_DNSNAME) names.emplace_back(reinterpret_cast<const char*>(name.data()), size);
    if (type == GNUTLS_SAN_IPADDRESS) names.push_back(address_text(name.data(), size));
  }
  return names;
}

}  // namespace

std::expected<certificate_source, error> read_certificate(const std::string& certificate_file, const std::string& key_file) {
  auto certificates = read_file(certificate_file, "certificate");
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  auto key = read_file(key_file, "private key");
  if (!key) return std::unexpected(std::move(key.error()));
  return certificate_source{std::move(*certificates), std::move(*key), certificate_file, key_file};
}

std::expected<std::string, error> read_authorities(const std::string& file) { return read_file(file, "authorities' certificates"); }

std::vector<crt_handle> import_chain(std::span<const gnutls_datum_t> der) {
  std::vector<crt_handle> chain;
  for (const gnutls_datum_t& one : der) {
    gnutls_x509_crt_t crt = nullptr;
    if (gnutls_x509_crt_init(&crt) < 0) return {};
    chain.emplace_back(crt);
    if (gnutls_x509_crt_import(crt, &one, GNUTLS_X509_FMT_DER) < 0) return {};
  }
  return chain;
}

// GnuTLS alone would take a Common Name where there is no Subject Alternative Name, which RFC 9525 §2 ended.
bool certificate_is_for(gnutls_x509_crt_t leaf, const certificate_info& info, std::string_view host) {
  return !info.names.empty() && gnutls_x509_crt_check_hostname2(leaf, std::string(host).c_str(), 0) != 0;
}

certificate_info info_of(gnutls_x509_crt_t crt) {
  certificate_info info;
  info.subject = dn_of(crt, gnutls_x509_crt_get_dn3);
  info.issuer = dn_of(crt, gnutls_x509_crt_get_issuer_dn3);
  info.names = names_of(crt);
  info.not_before = std::chrono::system_clock::from_time_t(gnutls_x509_crt_get_activation_time(crt));
  info.not_after = std::chrono::system_clock::from_time_t(gnutls_x509_crt_get_expiration_time(crt));
  return info;
}

std::vector<crt_handle> import_pem(std::string_view pem) {
  gnutls_x509_crt_t* list = nullptr;
  unsigned n = 0;
  const gnutls_datum_t text = datum_of(pem);
  if (gnutls_x509_crt_list_import2(&list, &n, &text, GNUTLS_X509_FMT_PEM, 0) < 0) return {};
  std::vector<crt_handle> all;
  all.reserve(n);
  for (unsigned i = 0; i < n; ++i) all.emplace_back(list[i]);
  gnutls_free(list);
  return all;
}

std::vector<certificate_info> read_infos(const std::string& pem) {
  std::vector<certificate_info> all;
  for (const crt_handle& crt : import_pem(pem)) all.push_back(info_of(crt.get()));
  return all;
}

std::string printable(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, 256)) safe.push_back(c >= ' ' && c < '\x7f' ? c : '?');
  if (text.size() > 256) safe += "...";
  return safe;
}

}  // namespace parley::tls
