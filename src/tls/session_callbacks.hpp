// What GnuTLS calls in a session.
#pragma once

#include "tls/gnutls_handles.hpp"
#include "tls/session.hpp"
#include "tls/trust.hpp"

#include <sys/types.h>

namespace parley::tls {

struct session::callbacks {
  static ssize_t pull(gnutls_transport_ptr_t self, void* into, std::size_t n);
  static int pull_timeout(gnutls_transport_ptr_t self, unsigned milliseconds);
  static ssize_t push(gnutls_transport_ptr_t self, const giovec_t* pieces, int count);
  static void watch_tickets(gnutls_session_t of);
  static int on_ticket(gnutls_session_t of, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t* message);
  static int verify(gnutls_session_t of);
  static int choose_certificate(gnutls_session_t of);
};

/// An address, not a name.
[[nodiscard]] bool is_address(const std::string& host);
/// What is wrong with the chain that the peer of this handshake sent, or nothing. Throws std::bad_alloc.
[[nodiscard]] error check_peer(gnutls_session_t of, const trust& believed, trust::purpose what_for, std::string_view host);
/// A certificate that is for all names below the one that the client asked for, if one is. What it gives goes to GnuTLS.
[[nodiscard]] int choose_wildcard(gnutls_session_t of, const server_credentials& among);
/// What a code of GnuTLS's means, and an alert of the peer's; and the alert by which a peer is told.
[[nodiscard]] errc meaning_of(int code);
[[nodiscard]] errc meaning_of_alert(int alert);
/// `what (its alert: ...)`.
[[nodiscard]] error error_of_alert(int alert);
/// Offers or accepts them (ALPN); none: nothing is set.
void set_protocols(gnutls_session_t on, const std::vector<std::string>& protocols, unsigned flags);

}  // namespace parley::tls
