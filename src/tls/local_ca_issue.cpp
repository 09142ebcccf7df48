#include "tls/local_ca_issue.hpp"

#include "tls/certificate_text.hpp"
#include "tls/gnutls_handles.hpp"
#include "tls/local_names.hpp"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::tls {
namespace {

constexpr std::chrono::days authority_lifetime{3653};
// Clocks of machines that look at a new certificate may be a bit behind.
constexpr std::chrono::hours clock_slack{1};
// Of a Common Name (RFC 5280 A.1).
constexpr std::size_t longest_name = 64;

using key_handle = std::unique_ptr<gnutls_x509_privkey_int, freed_by<gnutls_x509_privkey_deinit>>;
using constraints_handle = std::unique_ptr<gnutls_name_constraints_st, freed_by<gnutls_x509_name_constraints_deinit>>;

// Reserved names (RFC 6761, RFC 6762, RFC 8375, and ICANN's for private use) and what lies under them.
constexpr std::array permitted_names{"localhost", "test", "local", "internal", "home.arpa"};
// Loopback, private, link-local and shared addresses (RFC 1918, 3927, 4193, 4291, 6598).
constexpr std::array permitted_networks{"127.0.0.0/8",   "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                                        "100.64.0.0/10", "::1/128",    "fc00::/7",      "fe80::/10"};

/// The first of many calls that fails ends a certificate's making.
class making {
 public:
  making& operator()(int result) {
    if (result < 0 && error_ == 0) error_ = result;
    return *this;
  }
  [[nodiscard]] bool failed() const { return error_ != 0; }
  [[nodiscard]] error why() const {
    return {errc::internal, std::string("a certificate cannot be made: ") + gnutls_strerror(error_)};
  }

 private:
  int error_ = 0;
};

crt_handle new_certificate() {
  gnutls_x509_crt_t made = nullptr;
  if (gnutls_x509_crt_init(&made) < 0) throw std::bad_alloc();
  return crt_handle(made);
}

key_handle new_key_handle() {
  gnutls_x509_privkey_t made = nullptr;
  if (gnutls_x509_privkey_init(&made) < 0) throw std::bad_alloc();
  return key_handle(made);
}

constraints_handle new_constraints() {
  gnutls_x509_name_constraints_t made = nullptr;
  if (gnutls_x509_name_constraints_init(&made) < 0) throw std::bad_alloc();
  return constraints_handle(made);
}

std::string random_bytes(std::size_t n) {
  std::string bytes(n, '\0');
  if (gnutls_rnd(GNUTLS_RND_NONCE, bytes.data(), n) < 0) throw std::bad_alloc();
  return bytes;
}

// RFC 5280 §4.1.2.2: positive, unique, at most 20 bytes.
void set_serial(making& step, gnutls_x509_crt_t of) {
  std::string serial = random_bytes(16);
  serial[0] = static_cast<char>((serial[0] & 0x3f) | 0x40);
  step(gnutls_x509_crt_set_serial(of, serial.data(), serial.size()));
}

void set_subject_key_id(making& step, gnutls_x509_crt_t of) {
  std::array<unsigned char, 64> id{};
  std::size_t size = id.size();
  step(gnutls_x509_crt_get_key_id(of, 0, id.data(), &size));
  if (!step.failed()) step(gnutls_x509_crt_set_subject_key_id(of, id.data(), size));
}

void set_common(making& step, gnutls_x509_crt_t of, gnutls_x509_privkey_t key, std::string_view name, wall_time from,
                wall_time until) {
  constexpr std::string_view organisation = "Parley";
  step(gnutls_x509_crt_set_version(of, 3));
  step(gnutls_x509_crt_set_key(of, key));
  set_serial(step, of);
  step(gnutls_x509_crt_set_activation_time(of, std::chrono::system_clock::to_time_t(from)));
  step(gnutls_x509_crt_set_expiration_time(of, std::chrono::system_clock::to_time_t(until)));
  step(gnutls_x509_crt_set_dn_by_oid(of, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, organisation.data(), organisation.size()));
  step(gnutls_x509_crt_set_dn_by_oid(of, GNUTLS_OID_X520_COMMON_NAME, 0, name.data(), static_cast<unsigned>(name.size())));
  set_subject_key_id(step, of);
}

void permit(making& step, gnutls_x509_name_constraints_t list, const std::string& name) {
  const std::string address = address_bytes(name);
  if (address.empty()) {
    const gnutls_datum_t text = datum_of(name);
    step(gnutls_x509_name_constraints_add_permitted(list, GNUTLS_SAN_DNSNAME, &text));
    return;
  }
  // An address and its mask: this one alone.
  const std::string range = address + std::string(address.size(), '\xff');
  const gnutls_datum_t bytes = datum_of(range);
  step(gnutls_x509_name_constraints_add_permitted(list, GNUTLS_SAN_IPADDRESS, &bytes));
}

void permit_network(making& step, gnutls_x509_name_constraints_t list, const char* cidr) {
  owned_datum range;
  step(gnutls_x509_cidr_to_rfc5280(cidr, &range.d));
  if (!step.failed()) step(gnutls_x509_name_constraints_add_permitted(list, GNUTLS_SAN_IPADDRESS, &range.d));
}

bool allows(gnutls_x509_name_constraints_t list, const std::string& name) {
  const std::string address = address_bytes(name);
  const std::string bare = name.starts_with("*.") ? name.substr(2) : name;
  const gnutls_datum_t datum = datum_of(address.empty() ? bare : address);
  const auto type = address.empty() ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_IPADDRESS;
  return gnutls_x509_name_constraints_check(list, type, &datum) != 0;
}

// What is permitted is permitted with all names below it (RFC 5280 §4.2.1.10): `dev` would be all of that top-level domain.
bool is_single_label(const std::string& name) { return address_bytes(name).empty() && name.find('.') == std::string::npos; }

void set_constraints(making& step, gnutls_x509_crt_t of, std::span<const std::string> names) {
  const constraints_handle list = new_constraints();
  for (const char* name : permitted_names) permit(step, list.get(), name);
  for (const char* cidr : permitted_networks) permit_network(step, list.get(), cidr);
  for (const std::string& name : names) {
    if (!step.failed() && !is_single_label(name) && !allows(list.get(), name)) permit(step, list.get(), name);
  }
  constexpr unsigned critical = 1;
  step(gnutls_x509_crt_set_name_constraints(of, list.get(), critical));
}

void sign(making& step, gnutls_x509_crt_t what, gnutls_x509_crt_t issuer, gnutls_x509_privkey_t key) {
  step(gnutls_x509_crt_sign2(what, issuer, key, GNUTLS_DIG_SHA256, 0));
}

std::expected<issued_pem, error> to_pem(making& step, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key) {
  owned_datum certificate;
  owned_datum secret;
  step(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &certificate.d));
  step(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN, &secret.d));
  if (step.failed()) return std::unexpected(step.why());
  return issued_pem{std::string(certificate.view()), std::string(secret.view())};
}

void generate(making& step, gnutls_x509_privkey_t key) {
  step(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
}

bool same_key(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key) {
  std::array<unsigned char, 64> a{};
  std::array<unsigned char, 64> b{};
  std::size_t a_size = a.size();
  std::size_t b_size = b.size();
  return gnutls_x509_crt_get_key_id(crt, 0, a.data(), &a_size) == 0 &&
         gnutls_x509_privkey_get_key_id(key, 0, b.data(), &b_size) == 0 && a_size == b_size &&
         std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(a_size), b.begin());
}

bool import_one(const crt_handle& into, const std::string& pem) {
  const gnutls_datum_t text = datum_of(pem);
  return gnutls_x509_crt_import(into.get(), &text, GNUTLS_X509_FMT_PEM) == 0;
}

bool import_key(const key_handle& into, const std::string& pem) {
  const gnutls_datum_t text = datum_of(pem);
  return gnutls_x509_privkey_import2(into.get(), &text, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN) == 0;
}

std::string hex_of(std::string_view bytes, std::string_view between) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    if (!text.empty()) text += between;
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

}  // namespace

std::expected<issued_pem, error> make_authority(std::string_view whose, std::span<const std::string> names, wall_time now) {
  making step;
  const key_handle key = new_key_handle();
  const crt_handle crt = new_certificate();
  generate(step, key.get());
  // Two authorities of the same name would confuse those who look issuers up by name.
  const std::string name = "Parley local authority " + hex_of(random_bytes(3), {}) + " " + std::string(whose);
  set_common(step, crt.get(), key.get(), name.substr(0, longest_name), now - clock_slack, now + authority_lifetime);
  constexpr unsigned is_authority = 1;
  constexpr int leaves_only = 0;
  step(gnutls_x509_crt_set_basic_constraints(crt.get(), is_authority, leaves_only));
  step(gnutls_x509_crt_set_key_usage(crt.get(), GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
  set_constraints(step, crt.get(), names);
  if (!step.failed()) sign(step, crt.get(), crt.get(), key.get());
  return to_pem(step, crt.get(), key.get());
}

struct authority_signer::state {
  crt_handle crt;
  key_handle key;
  constraints_handle constraints;  // null: none
};

authority_signer::authority_signer(std::unique_ptr<state> s) : state_(std::move(s)) {}
authority_signer::authority_signer(authority_signer&&) noexcept = default;
authority_signer& authority_signer::operator=(authority_signer&&) noexcept = default;
authority_signer::~authority_signer() = default;

std::expected<authority_signer, error> authority_signer::make(const issued_pem& authority, const std::string& from, wall_time now) {
  auto s = std::make_unique<state>(new_certificate(), new_key_handle(), new_constraints());
  const auto refuse = [](errc code, std::string message) { return std::unexpected(error{code, std::move(message)}); };
  if (!import_one(s->crt, authority.certificate)) return refuse(errc::not_pem, from + " has no whole certificate in it");
  if (!import_key(s->key, authority.key)) return refuse(errc::not_pem, "the key beside " + from + " is not whole");
  if (!same_key(s->crt.get(), s->key.get()))
    return refuse(errc::mismatch, "the key beside " + from + " belongs to another certificate");
  if (gnutls_x509_crt_get_ca_status(s->crt.get(), nullptr) <= 0)
    return refuse(errc::bad_certificate, from + " is no authority's certificate");
  if (info_of(s->crt.get()).not_after <= now) return refuse(errc::expired, from + " has expired");
  if (gnutls_x509_crt_get_name_constraints(s->crt.get(), s->constraints.get(), 0, nullptr) < 0) s->constraints.reset();
  return authority_signer(std::move(s));
}

bool authority_signer::permits(const std::string& name) const {
  if (address_bytes(name).empty() && !is_dns_name(name)) return false;
  return !state_->constraints || allows(state_->constraints.get(), name);
}

std::expected<issued_pem, error> authority_signer::issue(std::span<const std::string> names, wall_time now,
                                                         std::chrono::days lifetime) const {
  making step;
  const key_handle key = new_key_handle();
  const crt_handle crt = new_certificate();
  generate(step, key.get());
  const wall_time until = std::min<wall_time>(now - clock_slack + lifetime, info().not_after);
  set_common(step, crt.get(), key.get(), names.front().substr(0, longest_name), now - clock_slack, until);
  step(gnutls_x509_crt_set_basic_constraints(crt.get(), 0, -1));
  step(gnutls_x509_crt_set_key_usage(crt.get(), GNUTLS_KEY_DIGITAL_SIGNATURE));
  step(gnutls_x509_crt_set_key_purpose_oid(crt.get(), GNUTLS_KP_TLS_WWW_SERVER, 0));
  for (const std::string& name : names) {
    const std::string address = address_bytes(name);
    const std::string& value = address.empty() ? name : address;
    step(gnutls_x509_crt_set_subject_alt_name(crt.get(), address.empty() ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_IPADDRESS, value.data(),
                                              static_cast<unsigned>(value.size()), GNUTLS_FSAN_APPEND));
  }
  std::array<unsigned char, 64> id{};
  std::size_t size = id.size();
  step(gnutls_x509_crt_get_subject_key_id(state_->crt.get(), id.data(), &size, nullptr));
  if (!step.failed()) step(gnutls_x509_crt_set_authority_key_id(crt.get(), id.data(), size));
  if (!step.failed()) sign(step, crt.get(), state_->crt.get(), state_->key.get());
  return to_pem(step, crt.get(), key.get());
}

bool authority_signer::vouches(const issued_pem& leaf, std::span<const std::string> names, wall_time from, wall_time until) const {
  const crt_handle crt = new_certificate();
  const key_handle key = new_key_handle();
  if (!import_one(crt, leaf.certificate) || !import_key(key, leaf.key) || !same_key(crt.get(), key.get())) return false;
  gnutls_x509_crt_t issuer = state_->crt.get();
  unsigned status = 0;
  constexpr unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS;  // they follow
  if (gnutls_x509_crt_verify(crt.get(), &issuer, 1, flags, &status) < 0 || status != 0) return false;
  const certificate_info told = info_of(crt.get());
  if (told.not_before > from || told.not_after < until) return false;
  return std::ranges::all_of(names, [&](const std::string& n) { return std::ranges::find(told.names, n) != told.names.end(); });
}

std::string authority_signer::fingerprint() const {
  std::array<char, 32> bytes{};
  std::size_t size = bytes.size();
  gnutls_x509_crt_get_fingerprint(state_->crt.get(), GNUTLS_DIG_SHA256, bytes.data(), &size);
  return hex_of({bytes.data(), size}, ":");
}

certificate_info authority_signer::info() const { return info_of(state_->crt.get()); }

std::string authority_signer::name() const {
  std::array<char, 256> text{};
  std::size_t size = text.size();
  if (gnutls_x509_crt_get_dn_by_oid(state_->crt.get(), GNUTLS_OID_X520_COMMON_NAME, 0, 0, text.data(), &size) < 0) return {};
  return {text.data(), size};
}

}  // namespace parley::tls
