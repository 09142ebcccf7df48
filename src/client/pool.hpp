// The connections of a client: idle ones are kept for the next request to their origin, those of HTTP/2 are shared by many, and each
// origin gets a bounded number.
#pragma once

#include "client/alternatives.hpp"
#include "client/connector.hpp"
#include "client/links.hpp"
#include "client/plan.hpp"
#include "client/progress.hpp"
#include "client/push_store.hpp"
#include "client/secure.hpp"
#include "client/tls_setup.hpp"
#include "connection/http3.hpp"
#include "connection/http_connection.hpp"
#include "connection/make_engine.hpp"
#include "net/loop.hpp"

#include <parley/limits.hpp>
#include <parley/task.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

namespace parley::fetching {

struct pool_settings {
  limits caps;
  std::size_t idle_connections = 8;  // kept for each origin
  std::chrono::milliseconds idle_time{30'000};
  std::size_t connections = 16;  // at once, for each origin
  bool push = false;             // takes pushed responses
  engine::observer* observer = nullptr;
  std::shared_ptr<tls_setup> tls = std::make_shared<tls_setup>();
  bool alternatives = true;                       // what servers announce is used
  std::function<bool(std::string_view)> allowed;  // addresses; null: any
  std::shared_ptr<fetching::alternatives> known = std::make_shared<fetching::alternatives>();
};

/// Those that `allowed` takes.
[[nodiscard]] std::vector<net::endpoint> allowed_of(std::vector<net::endpoint> addresses, const pool_settings& by);

/// Lives on one loop, until that ends or the client is gone.
class pool final : private connection::exchange_owner, public std::enable_shared_from_this<pool> {
 public:
  pool(net::loop& on, const pool_settings& settings)
      : loop_(on), settings_(settings), pushes_(on, settings_.caps), sweep_(std::in_place, on, [this] { sweep(); }) {}
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// Spawns what closes the connections when the loop ends.
  void begin();
  /// A connection to `to`, or one that is as good. Throws `fetch_error`. `to` and `at` must outlive the task.
  [[nodiscard]] task<lease> acquire(const origin& to, wish what, std::chrono::milliseconds connect_timeout, progress& at);
  /// Begins a QUIC connection that nobody uses yet. `ready` hears how its handshake ended. `early`: it may be ready for early data at once.
  [[nodiscard]] std::expected<dialed, std::error_code> dial(const origin& to, const net::endpoint& address, std::uint64_t id,
                                                            bool early, connection::http3_ready ready);
  /// Where the server was whose ticket such a connection would resume with; empty: there is none.
  [[nodiscard]] std::string ticket_address(const origin& to);
  /// A connection that requests to `to` can share at once; null: none.
  [[nodiscard]] link* shared_now(const origin& to) const;
  /// The server of that connection has said that it does not answer for `to` (421). Whether another connection may help: it is one
  /// of another origin, and is not used for this one any more.
  [[nodiscard]] bool misdirected(const lease& on, const origin& to);
  /// Whether the request that is about to be sent on it is to ask for HTTP/2.
  [[nodiscard]] bool offers_upgrade(const lease& on, const plan& what);
  /// A final response has come.
  void on_answer(const lease& on);
  /// What it says of alternatives, where its server may say so.
  void learn(const origin& to, const semantics::response_head& answer);
  /// The alternative that the connection goes to has said that it does not answer for `to` (421): it is not used any more. False: it goes
  /// to none.
  [[nodiscard]] bool alternative_misdirected(const lease& on, const origin& to);
  /// Until each connection over QUIC that is open has what a later one can resume with. Cancellable.
  class until_resumable final : public parley::detail::operation {
   public:
    explicit until_resumable(pool& of) : pool_(of) {}
    void await_resume() { finish(); }

   private:
    friend class pool;
    bool ready() noexcept override { return pool_.resumable(); }
    void start() override { pool_.ticket_waiters_.push_back(this); }
    void cancel() noexcept override { std::erase(pool_.ticket_waiters_, this); }
    void tell() { complete(); }
    pool& pool_;
  };
  /// Idle connections are closed, and those in use once they are not.
  void retire();
  /// The observer may go: none of the connections calls it any more.
  void unobserve();
  /// No new requests are to be sent through it.
  [[nodiscard]] bool retired() const { return retired_; }
  /// The loop ends, and all connections with it.
  [[nodiscard]] bool ending() const { return ending_; }

  [[nodiscard]] net::loop& loop() const { return loop_; }
  [[nodiscard]] pool_settings& settings() { return settings_; }
  [[nodiscard]] push_store& pushes() { return pushes_; }
  /// Connections that are there or about to be.
  [[nodiscard]] std::size_t connection_count() const { return open_; }
  [[nodiscard]] std::size_t idle_count() const;

 private:
  friend class lease;
  friend class dialed;
  friend class slot;
  friend class turn_operation;
  class until_over;
  class until_empty;

  static task<> watch_loop(std::shared_ptr<pool> self);
  [[nodiscard]] bool over() const { return retired_ && nothing_open(); }
  [[nodiscard]] bool nothing_open() const { return open_ == 0 && dialed_ == 0; }
  void tell_over();
  /// No lease: there is a connection now that the request can share, once it takes more.
  [[nodiscard]] task<lease> connect(slot place, wish what, std::chrono::milliseconds limit, progress& at);
  struct opened {
    opened_stream way;
    dialed quic{};              // instead
    std::string alternative{};  // that it goes to
    link* shared = nullptr;     // instead
  };
  /// Through the tunnel of a proxy (pool_tunnel.cpp). `to`, `report` and `at` must outlive the task.
  [[nodiscard]] task<opened_stream> open_tunnel(const origin& to, const connect_report& report, progress& at);
  [[nodiscard]] std::size_t most_connections(const origin& to) const;
  [[nodiscard]] bool tries_quic(const origin& to) const;
  [[nodiscard]] const known_alternative* alternative_of(const origin& to) const;
  void http3_worked(const origin& to);
  [[nodiscard]] bool wants_alternative(const origin_connections& at) const;
  [[nodiscard]] task<opened> open(const origin& to, bool races, wish what, const connect_report& report, progress& at);
  lease add(slot place, opened_stream way, std::uint64_t id);
  lease adopt(slot place, dialed made, std::string alternative);
  void give_up(link& one);
  void on_handshake(link& one);
  [[nodiscard]] connection::http2_options http2_options_for(const origin& to) const;
  [[nodiscard]] std::unique_ptr<engine::byte_engine> make_engine(const origin& to, bool http2);

  // pool_share.cpp: HTTP/2
  void share(link& one, origin_connections& with);
  void unshare(link& one);
  [[nodiscard]] link* shared_for(const turn_operation& who, bool& full) const;
  [[nodiscard]] bool may_carry(const link& one, const origin& to, const wish& what) const;
  [[nodiscard]] link* coalescible(const origin& to, const std::vector<net::endpoint>& addresses, const wish& what) const;
  void serve_sharers(link& of);

  [[nodiscard]] bool resumable() const;
  void look_resumable();

  // pool_links.cpp: who gets what
  bool try_serve(turn_operation& who);
  void serve(origin_connections& at);
  void fail_waiting(origin_connections& at, const std::exception_ptr& why);
  void give_back(link& of, bool reserved);
  void keep(link& of);
  void take_from_idle(link& of);
  void close(link& of, std::string_view reason);
  void remove_soon(link& of);
  void slot_released(origin_connections& at);
  void forget_unused(origin_connections& at);
  void sweep();
  void sweep_at(net::time_point due);
  void close_idle(std::string_view reason);
  void end(link& one, std::string_view reason);
  void end_all();
  [[nodiscard]] link& of(connection::http_connection& c) { return *links_[c.owner_index]; }

  // exchange_owner
  connection::exchange& on_request(connection::http_connection& on, engine::request_event&& request) override;
  void on_begin(connection::exchange&) override {}
  void on_refused(connection::http_connection&, engine::stream_id, const engine::protocol_error&) override {}
  void on_response(connection::exchange& x, engine::response_event&& response) override;
  void on_received(connection::exchange& x) override;
  void on_too_large(connection::exchange& x) override;
  void on_detached(connection::exchange& x) override;
  void on_reset(connection::exchange& x) override;
  connection::exchange* on_push(connection::http_connection& c, engine::push_event&& promise) override;
  void on_idle(connection::http_connection& c) override;
  void on_capacity(connection::http_connection& c) override { serve_sharers(of(c)); }
  void on_ticket(connection::http_connection&) override { look_resumable(); }
  void on_draining(connection::http_connection& c) override;
  void on_closed(connection::http_connection& c) override;

  net::loop& loop_;
  pool_settings settings_;
  push_store pushes_;
  std::unordered_map<origin, origin_connections, origin_hash> origins_;
  std::vector<std::unique_ptr<link>> links_;  // http_connection::owner_index is the place
  std::optional<net::timer> sweep_;           // gone with the loop
  std::optional<net::timer> last_wait_ = {};  // at the loop's end, for what has still to leave
  net::time_point sweep_due_{};
  std::size_t open_ = 0;    // slots of all origins
  std::size_t dialed_ = 0;  // links without a place
  until_over* watcher_ = nullptr;
  std::vector<until_resumable*> ticket_waiters_;
  std::coroutine_handle<> when_empty_;
  bool retired_ = false;
  bool ending_ = false;
};

/// As Alt-Used says it (RFC 7838 §5): `alt.example:8443`.
[[nodiscard]] std::string alternative_name(const origin& to, const known_alternative& of);

}  // namespace parley::fetching
