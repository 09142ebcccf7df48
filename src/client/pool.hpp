// The connections of a client: idle ones are kept for the next request to their origin, and each origin gets a bounded number.
#pragma once

#include "client/connector.hpp"
#include "client/plan.hpp"
#include "client/progress.hpp"
#include "client/tls_setup.hpp"
#include "connection/tcp_connection.hpp"
#include "net/loop.hpp"

#include <parley/limits.hpp>
#include <parley/task.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley::fetching {

class pool;
class turn_operation;
struct link;

struct pool_settings {
  limits caps;
  std::size_t idle_connections = 8;  // kept for each origin
  std::chrono::milliseconds idle_time{30'000};
  std::size_t connections = 16;  // at once, for each origin
  engine::observer* observer = nullptr;
  std::shared_ptr<tls_setup> tls = std::make_shared<tls_setup>();
};

/// What there is for one origin.
struct origin_connections {
  origin to;
  std::size_t open = 0;     // connected, or about to be
  std::vector<link*> idle;  // the one that was used last comes last
  std::deque<turn_operation*> queue;
};

/// The right to one of an origin's connections.
class slot {
 public:
  slot() = default;
  slot(pool& of, origin_connections& at);
  slot(slot&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), at_(other.at_) {}
  slot& operator=(slot&& other) noexcept;
  ~slot() { release(); }
  [[nodiscard]] origin_connections& at() const { return *at_; }
  explicit operator bool() const { return pool_ != nullptr; }

 private:
  void release() noexcept;
  pool* pool_ = nullptr;
  origin_connections* at_ = nullptr;
};

/// A connection as the pool keeps it.
struct link {
  slot place;
  std::unique_ptr<connection::tcp_connection> connection;
  net::time_point idle_since{};
  bool leased = false;
  bool idle = false;    // in its origin's list
  bool used = false;    // it was idle before
  bool closed = false;  // to be destroyed once nobody has it on lease
};

/// A connection on which one request may be sent. It goes back to the pool with this object.
class lease {
 public:
  lease() = default;
  lease(pool& of, link& on) : pool_(&of), link_(&on) {}
  lease(lease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), link_(other.link_) {}
  lease& operator=(lease&& other) noexcept;
  ~lease() { release(); }
  void release() noexcept;
  [[nodiscard]] connection::tcp_connection& connection() const { return *link_->connection; }
  /// It was idle before, so the server may have closed it in the meantime (RFC 9112 §9.3.1).
  [[nodiscard]] bool reused() const { return link_->used; }
  explicit operator bool() const { return pool_ != nullptr; }

 private:
  pool* pool_ = nullptr;
  link* link_ = nullptr;
};

/// Waits for a connection of an origin, or for the right to open one. First come, first served.
class turn_operation final : public parley::detail::operation {
 public:
  turn_operation(pool& of, origin_connections& at, bool fresh) : pool_(of), at_(at), fresh_(fresh) {}
  ~turn_operation() override;
  struct result {
    lease connection;
    slot place;  // when there is no connection
  };
  result await_resume();

 private:
  friend class pool;
  bool ready() noexcept override;
  void start() override;
  void cancel() noexcept override;

  pool& pool_;
  origin_connections& at_;
  bool fresh_;
  result result_;
};

/// Lives on one loop, until that ends or the client is gone.
class pool final : private connection::exchange_owner, public std::enable_shared_from_this<pool> {
 public:
  pool(net::loop& on, const pool_settings& settings)
      : loop_(on), settings_(settings), sweep_(std::in_place, on, [this] { sweep(); }) {}
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// Spawns what closes the connections when the loop ends.
  void begin();
  /// A connection to `to`; `fresh`: a new one. Throws `fetch_error`. `to` and `at` must outlive the task.
  [[nodiscard]] task<lease> acquire(const origin& to, bool fresh, std::chrono::milliseconds connect_timeout, progress& at);
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
  /// Connections that are there or about to be.
  [[nodiscard]] std::size_t connection_count() const { return open_; }
  [[nodiscard]] std::size_t idle_count() const;

 private:
  friend class lease;
  friend class slot;
  friend class turn_operation;
  class until_over;
  class until_empty;

  static task<> watch_loop(std::shared_ptr<pool> self);
  [[nodiscard]] bool over() const { return retired_ && open_ == 0; }
  void tell_over();
  [[nodiscard]] task<lease> connect(slot place, std::chrono::milliseconds limit, progress& at);
  lease add(slot place, std::unique_ptr<net::byte_stream> stream, std::uint64_t id);

  // pool_links.cpp: who gets what
  bool try_serve(turn_operation& who);
  void serve(origin_connections& at);
  void give_back(link& of);
  void keep(link& of);
  void take_from_idle(link& of);
  void close(link& of, std::string_view reason);
  void remove_soon(link& of);
  void slot_released(origin_connections& at);
  void sweep();
  void close_idle(std::string_view reason);
  void abort_all();
  [[nodiscard]] link& of(connection::tcp_connection& c) { return *links_[c.owner_index]; }

  // exchange_owner
  connection::exchange& on_request(connection::tcp_connection& on, engine::request_event&& request) override;
  void on_begin(connection::exchange&) override {}
  void on_refused(connection::tcp_connection&, engine::stream_id, const engine::protocol_error&) override {}
  void on_response(connection::exchange& x, engine::response_event&& response) override;
  void on_received(connection::exchange& x) override;
  void on_too_large(connection::exchange& x) override;
  void on_detached(connection::exchange&) override {}
  void on_reset(connection::exchange& x) override;
  void on_idle(connection::tcp_connection& c) override;
  void on_draining(connection::tcp_connection& c) override;
  void on_closed(connection::tcp_connection& c) override;

  net::loop& loop_;
  pool_settings settings_;
  std::unordered_map<origin, origin_connections, origin_hash> origins_;
  std::vector<std::unique_ptr<link>> links_;  // tcp_connection::owner_index is the place
  std::optional<net::timer> sweep_;           // gone with the loop
  std::size_t open_ = 0;                      // slots of all origins
  until_over* watcher_ = nullptr;
  std::coroutine_handle<> when_empty_;
  bool retired_ = false;
  bool ending_ = false;
};

}  // namespace parley::fetching
