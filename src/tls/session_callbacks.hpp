// What GnuTLS calls in a session.
#pragma once

#include "tls/gnutls_handles.hpp"
#include "tls/session.hpp"

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

}  // namespace parley::tls
