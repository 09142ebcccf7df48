// What a side of TLS brings along: certificates, trust, versions and ciphers. Made once, then never changed, and used by any
// number of sessions on any threads. A reload makes new ones; sessions keep theirs alive.
#pragma once

#include "tls/certificate.hpp"
#include "tls/error.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct gnutls_certificate_credentials_st;
struct gnutls_priority_st;

namespace parley::tls {

class quic_session;
class replay_guard;
class resumption_cache;
class session;
class trust;
struct destination;
struct quic_ticket;

/// Whether a server asks its clients for certificates (RFC 8446 §4.3.2).
enum class client_certificates : std::uint8_t { none, asked, required };

/// The secret by which a server seals its session tickets: one for all loops, in memory only. It goes with a policy: credentials
/// that ask other things of clients must not honour each other's tickets, or resumption would go around the new policy.
class ticket_key {
 public:
  static std::shared_ptr<const ticket_key> make();
  ticket_key(const ticket_key&) = delete;
  ticket_key& operator=(const ticket_key&) = delete;
  ~ticket_key();
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  ticket_key() = default;
  std::string bytes_;
};

struct server_settings {
  /// At least one. A client that names a server (SNI) gets the first one made for that name (`*.example.org` stands for one more
  /// label); one that names none, or one that none is for, gets the first of a kind that it can use.
  std::vector<certificate_source> certificates;
  /// Application protocols, the favourite first (RFC 7301). A client that offers protocols, but none of these, is refused; one that
  /// offers none at all gets HTTP/1.1's.
  std::vector<std::string> protocols;
  client_certificates clients = client_certificates::none;
  /// The authorities (PEM) whose clients are believed.
  std::string client_authorities;
  /// Null: no tickets, so no resumption.
  std::shared_ptr<const ticket_key> tickets;
  /// Null: no early data over QUIC. One for all loops, and for reloaded credentials too. With it the ticket key must not be kept on disk.
  std::shared_ptr<replay_guard> replays;
  bool tls1_2 = true;
  bool tls1_3 = true;
};

/// TLS 1.2 and 1.3; ephemeral key exchange and authenticated encryption only; AES-128-GCM, X25519 and ECDSA P-256 first.
class server_credentials {
 public:
  static std::expected<std::shared_ptr<const server_credentials>, error> make(const server_settings& settings);
  server_credentials(const server_credentials&) = delete;
  server_credentials& operator=(const server_credentials&) = delete;
  ~server_credentials();

  [[nodiscard]] client_certificates clients() const { return clients_; }
  [[nodiscard]] const std::shared_ptr<const ticket_key>& tickets() const { return tickets_; }
  /// Those made for `*.` and the rest of a name that has no certificate of its own; null: none. For sessions.
  [[nodiscard]] gnutls_certificate_credentials_st* for_wildcard(std::string_view server_name) const;

 private:
  friend class session;
  friend class quic_session;
  server_credentials() = default;
  error add_wildcards(const std::vector<certificate_source>& certificates);

  gnutls_certificate_credentials_st* certificates_ = nullptr;                          // all: GnuTLS chooses by whole names
  std::vector<std::string> names_;                                                     // whole ones
  std::vector<std::pair<std::string, gnutls_certificate_credentials_st*>> wildcards_;  // `.example.org`, and what to use for it
  gnutls_priority_st* priorities_ = nullptr;
  gnutls_priority_st* quic_priorities_ = nullptr;  // TLS 1.3 only
  std::vector<std::string> protocols_;
  client_certificates clients_ = client_certificates::none;
  std::unique_ptr<const trust> trust_;  // of clients
  std::shared_ptr<const ticket_key> tickets_;
  std::shared_ptr<replay_guard> replays_;
};

struct client_settings {
  /// The system's trust store (read at the first handshake that needs it).
  bool system_authorities = true;
  /// Authorities that are trusted besides: PEM texts.
  std::vector<std::string> authorities;
  /// False: any certificate is taken. The session is encrypted, and nobody knows with whom.
  bool verify = true;
  /// The client's own, for servers that ask.
  std::vector<certificate_source> certificates;
  /// Sessions that may be resumed are kept (at most 256, in memory), each for the host, port and protocols it was made for.
  bool resume = true;
  bool tls1_2 = true;
  bool tls1_3 = true;
};

class client_credentials {
 public:
  static std::expected<std::shared_ptr<const client_credentials>, error> make(const client_settings& settings);
  client_credentials(const client_credentials&) = delete;
  client_credentials& operator=(const client_credentials&) = delete;
  ~client_credentials();

  [[nodiscard]] bool verifies() const { return verify_; }
  /// Sessions kept for resumption now.
  [[nodiscard]] std::size_t kept_sessions() const;

 private:
  friend class session;
  friend class quic_session;
  friend void keep_ticket(const client_credentials& in, const destination& of, const quic_ticket& ticket);
  friend std::optional<quic_ticket> take_ticket(const client_credentials& in, const destination& of);
  friend std::string ticket_address(const client_credentials& in, const destination& of);
  friend std::vector<std::string> kept_tickets(const client_credentials& in);
  friend bool keep_again(const client_credentials& in, std::string_view kept);
  friend void keep_token(const client_credentials& in, const destination& of, std::string token);
  friend std::optional<std::string> take_token(const client_credentials& in, const destination& of);
  client_credentials() = default;
  gnutls_certificate_credentials_st* certificates_ = nullptr;
  gnutls_priority_st* priorities_ = nullptr;
  gnutls_priority_st* quic_priorities_ = nullptr;  // TLS 1.3 only
  bool verify_ = true;
  bool has_certificate_ = false;
  std::unique_ptr<const trust> trust_;
  std::unique_ptr<resumption_cache> sessions_;  // locked inside
  std::unique_ptr<resumption_cache> tokens_;    // of QUIC servers; locked inside
};

}  // namespace parley::tls
