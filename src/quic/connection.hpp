// One QUIC connection of either role, sans-I/O: datagrams and times in, datagrams out. It carries a `stream_engine`'s streams.
#pragma once

#include "engine/observer.hpp"
#include "engine/stream_engine.hpp"
#include "quic/address.hpp"
#include "quic/batch.hpp"
#include "quic/connection_id.hpp"
#include "quic/ending.hpp"
#include "quic/event_taker.hpp"
#include "quic/settings.hpp"
#include "tls/quic_session.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ngtcp2_callbacks;

namespace parley::quic {

class endpoint;
struct accepted_initial;

struct client_setup {
  std::shared_ptr<const tls::client_credentials> credentials;
  tls::destination to;
  path by;
  transport_settings settings;
  /// What `tls::take_ticket` gave, to resume; with `early` data is sent before the handshake is done, where the ticket allows it.
  std::optional<tls::quic_ticket> resume;
  bool early = false;
};

/// What a look at a connection shows, for traces.
struct transport_facts {
  std::chrono::nanoseconds smoothed_rtt{};
  std::chrono::nanoseconds min_rtt{};
  std::uint64_t congestion_window = 0;  // bytes
  std::uint64_t bytes_in_flight = 0;
  std::size_t payload_size = 0;  // of the largest datagram that the path is known to carry
  std::uint64_t datagrams_in = 0;
  std::uint64_t datagrams_out = 0;
};

/// Owned by whoever serves it, who calls: `receive` for what came, `expired` at the `deadline`, then `send`, always, until it says that
/// nothing is left; then looks at the engine's events. One thread; nothing here calls back but into the engine. The engine's own
/// `deadline` is its owner's to watch.
class connection {
 public:
  /// A client's end. `engine`, `random` and what observes must outlive the connection. The first `send` has the first flight.
  static std::unique_ptr<connection> connect(client_setup setup, engine::stream_engine& engine, base::random_source& random,
                                             time_point now);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  // --- in ----------------------------------------------------------------------------------------------------------------------
  /// One datagram. Many may come before one `send`.
  void receive(const path& by, ecn mark, std::string_view datagram, time_point now);
  /// When `expired` wants to be called: losses, acknowledgements, pacing, idle time. Ask again after each `send`.
  [[nodiscard]] std::optional<time_point> deadline() const;
  void expired(time_point now);

  // --- out ---------------------------------------------------------------------------------------------------------------------
  /// Appends what may be sent now: what the engine has, acknowledgements, probes. True: the batch was full, or this connection's turn was
  /// long enough; send the batch and call again.
  bool send(batch& into, time_point now);

  // --- commands ----------------------------------------------------------------------------------------------------------------
  /// Ends it with an application error code (HTTP/3: RFC 9114 §8.1). The next `send` tells the peer.
  void close(std::uint64_t code, std::string reason, time_point now);
  /// Client: goes on from another local address (RFC 9000 §9.2). False: not now, or the server does not allow it.
  bool migrate(const path& to, time_point now);
  /// Client: whether answers are expected. While they are, a PING leaves when nothing came or went for half of the idle time, at most 15 s
  /// (RFC 9114 §5.1): the connection stays open however long the server thinks, and a server that does not know that our address has
  /// changed learns it. Call it before each `send`: it reads what the handshake has settled by then.
  void expect_answers(bool on);
  /// Starts a key update (RFC 9001 §6). False: not now.
  bool update_keys(time_point now);
  /// Client: what the application wants to find in the ticket the next time (HTTP/3's settings). Tickets that come are kept with it.
  void remember(std::string application);
  /// Client: the ticket that it was given to resume with goes back to the credentials, where not one datagram has come: nobody took it. For an
  /// owner who knows that nobody is there.
  void return_ticket();
  void observe(engine::observer* sink, std::uint64_t number);

  // --- how it stands -----------------------------------------------------------------------------------------------------------
  /// The handshake is done: the peer is who it says. What a server's engine got before is early data (RFC 8470).
  [[nodiscard]] bool handshake_done() const { return handshake_done_; }
  /// It is over, and everything that can be said about it has been: it may be destroyed. An endpoint goes on answering for it.
  [[nodiscard]] bool closed() const { return state_ == state::closed; }
  /// It ends, or has ended: the engine was told.
  [[nodiscard]] bool ending() const { return state_ != state::live; }
  [[nodiscard]] const quic::ending& why() const { return why_; }
  /// Where the peer is, as far as that was validated (RFC 9000 §8): changes when a migration has succeeded.
  [[nodiscard]] const path& where() const { return where_; }
  /// How many times that changed.
  [[nodiscard]] unsigned migrations() const { return migrations_; }
  /// Client: how many tickets came, and were kept.
  [[nodiscard]] std::uint64_t tickets() const;
  /// Null before a server has read the client's first message.
  [[nodiscard]] const tls::quic_session* tls() const { return tls_.get(); }
  [[nodiscard]] transport_facts facts() const;
  /// Called after each `stream_engine::receive`; null: nobody, where the engine keeps what it is given.
  event_taker* taker = nullptr;
  /// The connection's owner's, for endpoints that find connections.
  void* owner = nullptr;

  struct callbacks;  // ngtcp2's into us
  static void set_callbacks(ngtcp2_callbacks& all);

 private:
  friend class endpoint;
  struct native;
  enum class state : std::uint8_t { live, closing, closed };

  connection(engine::role role, engine::stream_engine& engine, base::random_source& random);
  static std::unique_ptr<connection> accept(endpoint& home, const accepted_initial& first, engine::stream_engine& engine,
                                            event_taker* taker, time_point now);
  void end(quic::ending why, time_point now);
  void end_by(int library_error, time_point now);
  void start_engine(bool early, time_point now);
  void look_for_black_hole(time_point now);
  void let_more_come(bool bidirectional);
  [[nodiscard]] std::uint64_t in_flight() const;
  void after_input(time_point now);
  void act(time_point now);
  [[nodiscard]] bool give_up(const engine::any_transport_action& what);
  [[nodiscard]] bool lacks_extension();
  void keep_tickets();
  void tell_handshake(std::string_view failure);
  void tell_limits();
  bool open_up_to(engine::transport_stream stream);
  void stopped_by_peer(engine::transport_stream stream, time_point now);
  [[nodiscard]] bool sends_on(engine::transport_stream stream) const;
  std::size_t write_packet(batch& into, time_point now);
  void write_close(batch& into, time_point now);

  std::unique_ptr<native> native_;
  engine::stream_engine& engine_;
  base::random_source& random_;
  std::unique_ptr<tls::quic_session> tls_;
  endpoint* home_ = nullptr;
  std::unique_ptr<client_setup> client_;
  path where_;
  quic::ending why_;
  engine::observer* observer_ = nullptr;
  std::uint64_t number_ = 0;
  unsigned migrations_ = 0;
  state state_ = state::live;
  engine::role role_;
  bool handshake_done_ = false;
};

}  // namespace parley::quic
