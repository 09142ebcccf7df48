#include "tls/error.hpp"

#include <array>

namespace parley::tls {
namespace {

struct row {
  errc code;
  std::string_view name;
  std::string_view text;
};

constexpr std::array rows{
    row{errc::none, "none", "no error"},
    row{errc::closed_in_handshake, "closed-in-handshake", "the peer closed the connection during the TLS handshake"},
    row{errc::handshake_time, "handshake-time", "the TLS handshake took too long"},
    row{errc::truncated, "truncated", "the TLS connection ended without a close_notify: what came last may be cut off"},
    row{errc::alert, "alert", "the peer ended the TLS session with an alert"},
    row{errc::version, "version", "no TLS version in common: TLS 1.2 or 1.3 is needed"},
    row{errc::cipher, "cipher", "no TLS cipher suite, group or signature algorithm in common"},
    row{errc::protocol, "protocol", "no application protocol in common (ALPN)"},
    row{errc::malformed, "malformed", "what the peer sent is not TLS, or breaks its rules"},
    row{errc::bad_record, "bad-record", "a TLS record could not be decrypted: it was changed on its way"},
    row{errc::renegotiation, "renegotiation", "the peer asked for a TLS renegotiation, which is never done here"},
    row{errc::too_large, "too-large", "a TLS handshake message of the peer is too large"},
    row{errc::flood, "flood", "the peer sent too many TLS messages that carry no content"},
    row{errc::cleartext, "cleartext", "this port speaks TLS, and what came was HTTP without it: use https://"},
    row{errc::internal, "internal", "the TLS library failed"},
    row{errc::no_certificate, "no-certificate", "the peer sent no certificate, and one is required"},
    row{errc::refused_by_peer, "refused-by-peer", "the peer does not accept our certificate, or wants one"},
    row{errc::expired, "expired", "the peer's certificate has expired"},
    row{errc::not_yet_valid, "not-yet-valid", "the peer's certificate is not valid yet"},
    row{errc::wrong_name, "wrong-name", "the peer's certificate is for other names"},
    row{errc::self_signed, "self-signed", "the peer's certificate is its own issuer and not trusted"},
    row{errc::unknown_authority, "unknown-authority", "no trusted authority vouches for the peer's certificate"},
    row{errc::revoked, "revoked", "the peer's certificate was revoked"},
    row{errc::weak, "weak", "the peer's certificate rests on an algorithm or a key that is no longer safe"},
    row{errc::wrong_purpose, "wrong-purpose", "the peer's certificate is not meant for this use"},
    row{errc::bad_certificate, "bad-certificate", "the peer's certificate chain does not hold"},
    row{errc::unreadable, "unreadable", "the file cannot be read"},
    row{errc::not_pem, "not-pem", "the file holds no certificate or key in PEM"},
    row{errc::encrypted, "encrypted", "the private key is encrypted"},
    row{errc::mismatch, "mismatch", "the private key is not the certificate's"},
};

const row& row_of(errc code) {
  const auto at = static_cast<std::size_t>(code);
  return at < rows.size() ? rows[at] : rows[static_cast<std::size_t>(errc::internal)];
}

consteval bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].code) != i) return false;
  }
  return true;
}
static_assert(in_order());

class tls_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tls"; }
  [[nodiscard]] std::string message(int code) const override { return std::string(describe(static_cast<errc>(code))); }
  [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
    if (static_cast<errc>(code) == errc::truncated) return std::errc::connection_reset;
    if (static_cast<errc>(code) == errc::handshake_time) return std::errc::timed_out;
    return {code, *this};
  }
};

}  // namespace

std::string_view name(errc code) { return row_of(code).name; }
std::string_view describe(errc code) { return row_of(code).text; }

const std::error_category& category() {
  static const tls_category only;
  return only;
}

}  // namespace parley::tls
