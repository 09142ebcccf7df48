#include "support/certificates.hpp"

#include <arpa/inet.h>
#include <array>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <ctime>
#include <stdexcept>

namespace parley::test {
namespace {

int must(int result) {
  if (result < 0) throw std::runtime_error(std::string("GnuTLS: ") + gnutls_strerror(result));
  return result;
}

struct crt_owner {
  gnutls_x509_crt_t p = nullptr;
  crt_owner() { must(gnutls_x509_crt_init(&p)); }
  crt_owner(const crt_owner&) = delete;
  crt_owner& operator=(const crt_owner&) = delete;
  ~crt_owner() { gnutls_x509_crt_deinit(p); }
};

struct key_owner {
  gnutls_x509_privkey_t p = nullptr;
  explicit key_owner(bool rsa) {
    must(gnutls_x509_privkey_init(&p));
    if (rsa) {
      must(gnutls_x509_privkey_generate(p, GNUTLS_PK_RSA, 2048, 0));
    } else {
      must(gnutls_x509_privkey_generate(p, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    }
  }
  key_owner(const key_owner&) = delete;
  key_owner& operator=(const key_owner&) = delete;
  ~key_owner() { gnutls_x509_privkey_deinit(p); }
};

template <class Export>
std::string pem_of(Export write) {
  gnutls_datum_t text{nullptr, 0};
  must(write(&text));
  std::string out(reinterpret_cast<const char*>(text.data), text.size);
  gnutls_free(text.data);
  return out;
}

void put_name(gnutls_x509_crt_t crt, const std::string& name) {
  std::array<unsigned char, 16> address{};
  if (inet_pton(AF_INET, name.c_str(), address.data()) == 1) {
    must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address.data(), 4, GNUTLS_FSAN_APPEND));
  } else if (inet_pton(AF_INET6, name.c_str(), address.data()) == 1) {
    must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address.data(), 16, GNUTLS_FSAN_APPEND));
  } else {
    must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name.data(), static_cast<unsigned>(name.size()),
                                              GNUTLS_FSAN_APPEND));
  }
}

void fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const certificate_wish& wish) {
  std::array<unsigned char, 12> serial{};
  must(gnutls_rnd(GNUTLS_RND_NONCE, serial.data(), serial.size()));
  serial[0] = static_cast<unsigned char>(0x40 | (serial[0] & 0x3f));  // positive
  const std::time_t now = std::time(nullptr);
  must(gnutls_x509_crt_set_version(crt, 3));
  must(gnutls_x509_crt_set_serial(crt, serial.data(), serial.size()));
  must(gnutls_x509_crt_set_activation_time(crt, now + wish.from.count()));
  must(gnutls_x509_crt_set_expiration_time(crt, now + wish.until.count()));
  must(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, wish.common_name.data(),
                                     static_cast<unsigned>(wish.common_name.size())));
  must(gnutls_x509_crt_set_key(crt, key));
}

void fill_leaf(gnutls_x509_crt_t crt, const certificate_wish& wish) {
  for (const std::string& name : wish.names) put_name(crt, name);
  must(gnutls_x509_crt_set_basic_constraints(crt, 0, -1));
  must(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
  must(gnutls_x509_crt_set_key_purpose_oid(crt, wish.for_clients ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER, 0));
}

std::string pem_of(gnutls_x509_crt_t crt) {
  return pem_of([&](gnutls_datum_t* out) { return gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, out); });
}
std::string pem_of(gnutls_x509_privkey_t key) {
  return pem_of([&](gnutls_datum_t* out) { return gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, nullptr, 0, out); });
}

}  // namespace

struct test_authority::inside {
  crt_owner crt;
  key_owner key{false};
};

test_authority::test_authority(const std::string& self) : in_(new inside) {
  certificate_wish wish;
  wish.common_name = self;
  fill(in_->crt.p, in_->key.p, wish);
  must(gnutls_x509_crt_set_basic_constraints(in_->crt.p, 1, -1));
  must(gnutls_x509_crt_set_key_usage(in_->crt.p, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
  must(gnutls_x509_crt_sign2(in_->crt.p, in_->crt.p, in_->key.p, GNUTLS_DIG_SHA256, 0));
  pem_ = pem_of(in_->crt.p);
}

test_authority::~test_authority() { delete in_; }

tls::certificate_source test_authority::issue(const certificate_wish& wish) const {
  const crt_owner crt;
  const key_owner key(wish.rsa);
  fill(crt.p, key.p, wish);
  fill_leaf(crt.p, wish);
  must(gnutls_x509_crt_sign2(crt.p, in_->crt.p, in_->key.p, GNUTLS_DIG_SHA256, 0));
  return {pem_of(crt.p), pem_of(key.p), wish.common_name};
}

tls::certificate_source test_authority::server(std::vector<std::string> names) const {
  certificate_wish wish;
  if (!names.empty()) wish.common_name = names.front();
  wish.names = std::move(names);
  return issue(wish);
}

tls::certificate_source test_authority::client(const std::string& common_name) const {
  certificate_wish wish;
  wish.common_name = common_name;
  wish.for_clients = true;
  return issue(wish);
}

tls::certificate_source self_signed(const std::vector<std::string>& names) {
  certificate_wish wish;
  wish.common_name = "self-signed";
  wish.names = names;
  const crt_owner crt;
  const key_owner key(false);
  fill(crt.p, key.p, wish);
  fill_leaf(crt.p, wish);
  must(gnutls_x509_crt_sign2(crt.p, crt.p, key.p, GNUTLS_DIG_SHA256, 0));
  return {pem_of(crt.p), pem_of(key.p), "self-signed"};
}

}  // namespace parley::test
