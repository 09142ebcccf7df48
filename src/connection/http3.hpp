// HTTP/3 as server and client see it: a UDP socket with the connections on it. What QUIC is made of stays behind these interfaces, which
// are there in every build; whether HTTP/3 is, `has_http3` says.
#pragma once

#include "base/random.hpp"
#include "base/spent_keys.hpp"
#include "connection/http_connection.hpp"
#include "engine/observer.hpp"
#include "net/datagram.hpp"
#include "tls/credentials.hpp"
#include "tls/error.hpp"
#include "tls/session.hpp"

#include <parley/limits.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace parley::connection {

/// This build has QUIC.
[[nodiscard]] bool has_http3();

/// Whose it is, with its version: `ngtcp2 1.11.0`; empty: nobody's.
[[nodiscard]] std::string quic_library();

/// What a peer can do wrong in QUIC, by the names that `exchange_owner::on_violation` gives.
[[nodiscard]] std::span<const std::string_view> quic_violations();

/// What a server's tokens and stateless resets are made with: 64 bytes, secret, the same for all of its loops, and better kept across
/// restarts (RFC 9000 §10.3).
[[nodiscard]] std::string make_http3_keys(base::random_source& random);

/// How long an address token from a connection before is good, and must be remembered once it was used.
inline constexpr std::chrono::hours address_token_life(1);

/// What happened to datagrams that reached no connection.
struct http3_counts {
  std::uint64_t garbage = 0;           // no QUIC, or for nobody
  std::uint64_t over_half_open = 0;    // dropped: limits::quic_half_open
  std::uint64_t retries = 0;           // clients that had to show their address
  std::uint64_t stateless_resets = 0;  // clients of another time were told
  std::uint64_t over_replies = 0;      // not answered: limits::quic_stateless_replies
  std::uint64_t over_tokens = 0;       // proved nothing: limits::quic_tokens
  friend bool operator==(const http3_counts&, const http3_counts&) = default;
};

/// What a listener asks its server. Calls come on the listener's loop.
class http3_owner {
 public:
  enum class entry : std::uint8_t {
    yes,    // `on_connection` or `on_nobody` follows at once
    no,     // it is told that its connection is refused, which costs next to nothing
    prove,  // it is to show first that the address is its own
  };
  /// A new client wants in. `proven`: it has shown that it gets what is sent to its address.
  virtual entry may_enter(const net::endpoint& from, bool proven) = 0;
  /// It was no client at all.
  virtual void on_nobody() = 0;
  /// It is let in. The connection is to be started, and kept until `on_closed`, and destroyed before its listener.
  virtual void on_connection(std::unique_ptr<http_connection> made) = 0;
  /// This datagram belongs to another loop: it is to be given to that loop's listener, with `take`, or may be dropped.
  virtual void hand_over(unsigned loop, const net::datagram_run& datagram) = 0;
  /// What was counted since the last time, when anything was.
  virtual void on_counts(const http3_counts& more) = 0;

 protected:
  ~http3_owner() = default;
};

struct http3_listener_setup {
  std::string keys;  // `make_http3_keys`
  std::shared_ptr<const tls::server_credentials> credentials;
  unsigned loop = 0;
  unsigned loops = 1;  // at most 256
  bool extended_connect = false;
  /// The owner judges `:scheme`, as at a proxy.
  bool any_scheme = false;
  bool bbr = false;  // congestion control, else CUBIC
  /// Which address tokens were used, the same for all loops; outlives the listener. Null: each loop has its own.
  base::spent_keys* tokens = nullptr;
  engine::observer* observer = nullptr;
  connection::traffic* traffic = nullptr;
};

/// One for each loop and address.
class http3_listener {
 public:
  virtual ~http3_listener() = default;
  [[nodiscard]] virtual const net::ip_endpoint& local() const = 0;
  /// Begins to receive.
  virtual void start() = 0;
  /// What another loop's listener got.
  virtual void take(const net::datagram_run& datagram) = 0;
  /// Those who come from now on get these.
  virtual void credentials(std::shared_ptr<const tls::server_credentials> now) = 0;
  /// Lets nobody in any more.
  virtual void drain() = 0;
  /// So that the system brings each datagram to the loop it belongs to, where it can. Of one of those that share an address, once.
  virtual std::error_code steer() = 0;
};

/// The socket may be new; `owner`, `dispatch` and `caps` outlive the listener. Null: this build has no HTTP/3. `ids` names connections.
[[nodiscard]] std::unique_ptr<http3_listener> make_http3_listener(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                                  http3_listener_setup setup, http3_owner& owner,
                                                                  exchange_owner& dispatch, const limits& caps,
                                                                  base::unique_function<std::uint64_t()> ids);

// --- client ------------------------------------------------------------------------------------------------------------------

/// How a handshake ended.
struct http3_outcome {
  bool done = false;      // the server is who it should be, and speaks HTTP/3
  std::error_code error;  // of the way there: nobody answered, say
  tls::error tls;         // what is wrong with the certificate, say
  std::string reason;     // else; the server's own words where it closed: escape them before they reach a terminal
};
using http3_ready = base::unique_function<void(const http3_outcome&)>;

struct http3_client_setup {
  std::shared_ptr<const tls::client_credentials> credentials;
  tls::destination to;    // its protocols: `h3`
  net::ip_endpoint peer;  // of the socket
  bool push = false;      // takes pushed responses
  bool early = false;     // requests may be sent before the handshake is done, where a ticket allows it (RFC 8470)
  engine::observer* observer = nullptr;
  connection::traffic* traffic = nullptr;
};

/// A connection over a socket that has `setup.peer` as its one peer. `start` begins the handshake; requests can be sent once `can_send_request`
/// (`on_capacity` tells). `ready` is called once, in a turn of its own. Null: this build has no HTTP/3.
[[nodiscard]] std::unique_ptr<http_connection> make_http3_client(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                                 http3_client_setup setup, exchange_owner& owner,
                                                                 const limits& caps, std::uint64_t id, http3_ready ready);

}  // namespace parley::connection
