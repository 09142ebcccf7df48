// What can go wrong in TLS, with a name for counters and traces and a sentence for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace parley::tls {

enum class errc : std::uint8_t {
  none,
  // --- the session -----------------------------------------------------------------------------------------------------------
  closed_in_handshake,  // the peer closed the connection before the handshake was done
  handshake_time,       // the handshake took longer than its deadline
  truncated,            // the transport ended without close_notify (RFC 8446 §6.1)
  alert,                // the peer sent a fatal alert that none of the other codes describes
  version,              // no version in common: we speak 1.2 and 1.3
  cipher,               // no cipher suite, group or signature in common
  protocol,             // no application protocol in common (RFC 7301)
  malformed,            // what came is not TLS, or breaks its rules
  bad_record,           // a record that does not decrypt
  renegotiation,        // refused: TLS 1.2's renegotiation
  too_large,            // a handshake message above our limit
  flood,                // too much that carries no content: key updates, empty records, warnings
  cleartext,            // HTTP without TLS came to a TLS port
  internal,             // the library below failed
  // --- the peer's certificate ------------------------------------------------------------------------------------------------
  no_certificate,     // it was required
  refused_by_peer,    // the peer refuses our certificate
  expired,            //
  not_yet_valid,      //
  wrong_name,         // valid, for other names
  self_signed,        // its own issuer, and not trusted
  unknown_authority,  // no trusted authority vouches for it
  revoked,            //
  weak,               // an algorithm or key that is no longer safe
  wrong_purpose,      // not for servers, or not for clients
  bad_certificate,    // it cannot be read, or its chain does not hold
  // --- our own certificates and keys, when they are loaded -------------------------------------------------------------------
  unreadable,  // the file
  not_pem,     // no certificate, or no key, in it
  encrypted,   // the key wants a password
  mismatch,    // the key is not the certificate's
};

/// As in `expired` or `closed-in-handshake`: for counters, traces and scripts.
[[nodiscard]] std::string_view name(errc code);
/// What it means where nothing more is known.
[[nodiscard]] std::string_view describe(errc code);

struct error {
  errc code = errc::none;
  /// A sentence that says what was wrong, where, and the way out.
  std::string message;
  explicit operator bool() const { return code != errc::none; }
};

[[nodiscard]] const std::error_category& category();
[[nodiscard]] inline std::error_code make_error_code(errc code) { return {static_cast<int>(code), category()}; }

}  // namespace parley::tls

template <>
struct std::is_error_code_enum<parley::tls::errc> : std::true_type {};
