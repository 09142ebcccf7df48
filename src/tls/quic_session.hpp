// TLS 1.3 for QUIC (RFC 9001): the handshake alone. Its messages travel in CRYPTO frames, its keys go to the transport, and records there
// are none; the transport's TLS glue drives it through `native`.
#pragma once

#include "tls/credentials.hpp"
#include "tls/error.hpp"
#include "tls/session.hpp"
#include "tls/session_facts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tls {

/// What a client keeps in order to resume: the session, and what its transport and its application must remember to send early data.
struct quic_ticket {
  std::string session;
  std::string transport;    // the server's transport parameters (RFC 9000 §7.4.1)
  std::string application;  // HTTP/3's settings (RFC 9114 §7.2.4.2)
  std::string address{};    // where the server was, numeric, without its port: only there the ticket is known to be of use
};

/// One thread at a time.
class quic_session : public session_facts {
 public:
  /// A server's end. `early`: early data is taken where the credentials have a store against replays, and ask for no certificates.
  quic_session(std::shared_ptr<const server_credentials> with, const std::vector<std::string>& protocols, bool early);
  /// A client's end; `resume` is a ticket of the same destination. `early`: it means to send early data with it.
  quic_session(std::shared_ptr<const client_credentials> with, destination to, const quic_ticket* resume, bool early);
  quic_session(const quic_session&) = delete;
  quic_session& operator=(const quic_session&) = delete;
  ~quic_session();

  /// GnuTLS's session, for the glue. Its user pointer is the glue's.
  [[nodiscard]] gnutls_session_int* native() const { return session_; }
  void set_glue(void* user_pointer);

  /// The handshake is done: whether what was required holds (a client's certificate). If not, `failure` says so.
  bool handshake_done();
  /// There is an application protocol, or none was wanted (RFC 9001 §8.1). Server: once the ClientHello was read; client: once the server has finished.
  [[nodiscard]] bool protocol_agreed() const { return !wants_protocol_ || !protocol().empty(); }
  /// Server, then: sends a ticket, when there are any.
  void send_ticket();
  /// Server, then: GnuTLS's session goes, which weighs more than all else of a connection; what it settled stays. False, and nothing happens, where
  /// the client showed a certificate.
  bool let_go();
  /// Client: the session to resume, once for each ticket that came; the caller keeps it with `keep_ticket`.
  [[nodiscard]] std::optional<std::string> take_ticket();
  /// Early data was taken by the server.
  [[nodiscard]] bool early_data_accepted() const;

  /// Why the handshake failed. `alert` is the one that we sent; `from_peer`: it was the peer's.
  [[nodiscard]] error failure(int alert, bool from_peer) const;

  /// Server: the name the client asked for; client: the name it told.
  [[nodiscard]] std::string server_name() const;

  struct callbacks;

 private:
  void begin(unsigned flags, const std::vector<std::string>& protocols, unsigned protocol_flags);

  std::shared_ptr<const server_credentials> server_;
  std::shared_ptr<const client_credentials> client_;
  std::unique_ptr<destination> to_;
  error error_;
  bool ticket_came_ = false;
  bool wants_protocol_ = false;
};

/// Tickets and address tokens (RFC 9000 §8.1.3) of a client, in the memory of its credentials. Any thread.
void keep_ticket(const client_credentials& in, const destination& of, const quic_ticket& ticket);
[[nodiscard]] std::optional<quic_ticket> take_ticket(const client_credentials& in, const destination& of);
/// Where the server was whose ticket `take_ticket` would give; empty: there is none.
[[nodiscard]] std::string ticket_address(const client_credentials& in, const destination& of);
/// All of them, each as some bytes for a file that nobody else can read, the oldest first; and back. False: it is none.
[[nodiscard]] std::vector<std::string> kept_tickets(const client_credentials& in);
bool keep_again(const client_credentials& in, std::string_view kept);
void keep_token(const client_credentials& in, const destination& of, std::string token);
[[nodiscard]] std::optional<std::string> take_token(const client_credentials& in, const destination& of);

}  // namespace parley::tls
