// A server's end of a UDP socket: finds the connection of each datagram, lets new ones in, and answers what belongs to none.
#pragma once

#include "base/spent_keys.hpp"
#include "quic/connection.hpp"
#include "tls/credentials.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace parley::quic {

struct closed_connection;

struct endpoint_settings {
  endpoint_keys keys;
  std::shared_ptr<const tls::server_credentials> credentials;
  /// Application protocols, the favourite first.
  std::vector<std::string> protocols{"h3"};
  transport_settings transport;
  /// This endpoint's loop, and how many there are (at most 256).
  unsigned loop = 0;
  unsigned loops = 1;
  /// Early data may be taken.
  bool early_data = false;
  /// Every new client must come again with a token (Retry), not only under load.
  bool always_retry = false;
  /// The wall clock less `now`'s clock: tokens for later connections outlive this process.
  std::chrono::nanoseconds wall_offset{};
  /// How long those are good.
  std::chrono::nanoseconds token_life = std::chrono::hours(1);
  /// Which of them were used: of all loops, and remembers for no less than `token_life`. Null: this endpoint has its own.
  base::spent_keys* tokens = nullptr;
};

/// What is to become of a datagram.
struct arrival {
  enum class what : std::uint8_t {
    done,       // nothing: it was answered, or dropped
    known,      // give it to `to`
    fresh,      // a new client: call `accept`, `refuse` or `ask_for_proof`, before anything else
    elsewhere,  // it belongs to the loop `loop`
  };
  what is = what::done;
  connection* to = nullptr;
  unsigned loop = 0;
  bool proven = false;  // of a new client: it has shown that it gets what is sent to its address (RFC 9000 §8.1)
};

/// What happened to datagrams that reached no connection, and other things worth counting.
struct endpoint_counters {
  std::uint64_t garbage = 0;         // no QUIC, or for nobody
  std::uint64_t accepted = 0;        // connections
  std::uint64_t refused = 0;         // by `refuse`
  std::uint64_t over_half_open = 0;  // dropped: limits.quic_half_open
  std::uint64_t retries = 0;         // Retry sent
  std::uint64_t bad_tokens = 0;      // INVALID_TOKEN sent, or an address token that is not ours, too old or used before
  std::uint64_t over_tokens = 0;     // address tokens that proved nothing: limits.quic_tokens
  std::uint64_t version_negotiations = 0;
  std::uint64_t stateless_resets = 0;
  std::uint64_t over_replies = 0;  // not answered: limits.quic_stateless_replies
  std::uint64_t elsewhere = 0;     // another loop's
  std::uint64_t closed_again = 0;  // CONNECTION_CLOSE repeated
};

/// One for each loop. It owns no connection, and must outlive all of them. One thread.
class endpoint {
 public:
  endpoint(endpoint_settings settings, base::random_source& random, time_point now);
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;
  ~endpoint();

  /// Finds out what a datagram is. It is not given to the connection yet.
  [[nodiscard]] arrival receive(const path& by, ecn mark, std::string_view datagram, time_point now);
  /// After `fresh`, while the datagram is still there: makes the connection and gives it the datagram. Null when that was no true first
  /// packet. It may bring early data, so `taker` may be called before this returns.
  [[nodiscard]] std::unique_ptr<connection> accept(engine::stream_engine& engine, time_point now, event_taker* taker = nullptr);
  /// Tells the client that it is not wanted now (CONNECTION_REFUSED).
  void refuse(time_point now);
  /// Has it come again with a token (Retry, RFC 9000 §8.1.2): anybody can write any address into a datagram.
  void ask_for_proof(time_point now);

  /// Answers that belong to no connection. True: the batch was full, call again.
  bool send(batch& into);
  /// When `expired` wants to be called: connections that were closed are forgotten then.
  [[nodiscard]] std::optional<time_point> deadline() const;
  void expired(time_point now);

  /// New connections get these from now on.
  void replace_credentials(std::shared_ptr<const tls::server_credentials> by);
  /// No more new ones: they are refused.
  void drain() { draining_ = true; }

  [[nodiscard]] std::size_t connections() const;
  /// Connection ids that are known: of connections, and of those that were closed a moment ago.
  [[nodiscard]] std::size_t ids() const;
  /// Whose handshake is not done.
  [[nodiscard]] std::size_t half_open() const { return half_open_; }
  [[nodiscard]] const endpoint_counters& counters() const { return counters_; }
  [[nodiscard]] const endpoint_settings& settings() const { return settings_; }
  /// By which the loop of a datagram is found, for the socket filter and for other loops.
  [[nodiscard]] const loop_mask& mask() const { return mask_; }

 private:
  friend class connection;
  struct tables;

  void add(const connection_id& id, connection& of);
  void remove(const connection_id& id);
  void arrived(connection& which, const connection_id& ours, const connection_id& theirs);
  void gone(connection& which);
  void settled(connection& which);
  void give_token(connection& to, time_point now);
  /// The connection is closed: `packet` (its CONNECTION_CLOSE; empty: the peer's came) answers for it until then.
  void keep_closed(connection& which, std::string packet, time_point until);
  /// A bound for answers that cost us nothing but the answer.
  struct reply_budget {
    double credit = 0;
    time_point since;
  };
  [[nodiscard]] bool may_reply(reply_budget& from, time_point now);
  [[nodiscard]] bool proves_address(const accepted_initial& first, std::string_view token, time_point now);
  void reply(const path& by, std::string packet);
  [[nodiscard]] std::uint64_t wall_stamp(time_point now) const;
  void answer_initial(const accepted_initial& first, std::uint64_t code, time_point now);
  void send_retry(const accepted_initial& first, time_point now);
  void negotiate_version(const path& by, std::string_view to, std::string_view from, time_point now);
  void reset(const path& by, std::size_t size, std::string_view destination, time_point now);
  void answer_closed(closed_connection& which, const path& by);
  void forget_oldest();
  /// All under which packets find it.
  [[nodiscard]] static std::vector<connection_id> ids_of(const connection& which);
  [[nodiscard]] arrival consider(const path& by, ecn mark, std::string_view datagram, time_point now);

  endpoint_settings settings_;
  base::random_source& random_;
  loop_mask mask_;
  std::unique_ptr<tables> tables_;
  std::size_t half_open_ = 0;
  reply_budget retries_;  // of their own, so that no flood of another kind keeps clients out
  reply_budget replies_;
  std::unique_ptr<base::spent_keys> own_tokens_;
  bool draining_ = false;
  endpoint_counters counters_;
};

}  // namespace parley::quic
