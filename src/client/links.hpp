// What a pool keeps and what it lends: connections, the right to one, and a request's place on one.
#pragma once

#include "client/dial_watch.hpp"
#include "client/plan.hpp"
#include "connection/http_connection.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parley::fetching {

class pool;
class turn_operation;
struct link;

/// What there is for one origin.
struct origin_connections {
  /// As the last connection turned out.
  enum class known : std::uint8_t { nothing, http1, shared };

  origin to;
  std::size_t open = 0;       // connected, or about to be
  std::size_t undecided = 0;  // of these: nobody knows yet whether requests can share them
  bool racing = false;        // one of these may come about over an alternative (RFC 7838)
  known found = known::nothing;
  std::vector<link*> idle{};  // the one that was used last comes last
  std::vector<link*>
      shared{};  // HTTP/2 and 3 that take requests, HTTP/3 and the oldest first; also of other origins (RFC 9113 §9.1.1)
  std::deque<turn_operation*> queue{};
};

/// The right to one of an origin's connections.
class slot {
 public:
  slot() = default;
  /// `races`: an alternative is to be tried too.
  slot(pool& of, origin_connections& at, bool races = false);
  slot(slot&& other) noexcept;
  slot& operator=(slot&& other) noexcept;
  ~slot() { release(); }
  [[nodiscard]] origin_connections& at() const { return *at_; }
  /// Whether requests can share the connection is known now. Who waits for that is served, unless `later`.
  void decide(bool later = false) noexcept;
  [[nodiscard]] bool undecided() const { return undecided_; }
  [[nodiscard]] bool races() const { return races_; }
  void race_over() noexcept;
  void release() noexcept;
  explicit operator bool() const { return pool_ != nullptr; }

 private:
  pool* pool_ = nullptr;
  origin_connections* at_ = nullptr;
  bool undecided_ = false;
  bool races_ = false;
};

/// A connection as the pool keeps it.
struct link {
  slot place;                         // none: a QUIC connection that comes about, and that nobody uses yet
  std::unique_ptr<dial_watch> shows;  // of QUIC
  std::unique_ptr<connection::http_connection> connection;
  net::time_point idle_since{};
  std::size_t leases = 0;
  std::size_t reserved = 0;              // of these: their requests have not been sent yet
  std::uint64_t answers = 0;             // final responses
  std::vector<origin_connections*> of;   // the origins whose requests share it
  std::shared_ptr<link*> self;           // for what comes late: null once the link is gone
  std::unique_ptr<net::timer> early{};   // while its handshake is not done, and requests go as early data: until then
  std::string alternative{};             // that it goes to, as Alt-Used says it; empty: to the origin itself
  std::vector<std::string> misdirected;  // hosts for which its server has answered 421
  bool idle = false;                     // in its origin's list
  bool used = false;                     // it was idle before
  bool draining = false;                 // takes no further request
  bool closed = false;                   // to be destroyed once nobody has it on lease

  ~link() {
    if (self) *self = nullptr;
  }
  [[nodiscard]] std::uint64_t id() const { return connection->id(); }
  [[nodiscard]] bool multiplexes() const { return connection->version() >= parley::version::http2; }
  /// How many more requests may be sent.
  [[nodiscard]] std::size_t room() const;
};

/// A connection on which one request may be sent. It goes back to the pool with this object.
class lease {
 public:
  lease() = default;
  lease(pool& of, link& on);
  lease(lease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), link_(other.link_), reserved_(std::exchange(other.reserved_, false)) {}
  lease& operator=(lease&& other) noexcept;
  ~lease() { release(); }
  void release() noexcept;
  /// Its request has been sent, or cannot be.
  void begun() noexcept;
  [[nodiscard]] connection::http_connection& connection() const { return *link_->connection; }
  /// It was idle before, so the server may have closed it in the meantime (RFC 9112 §9.3.1).
  [[nodiscard]] bool reused() const { return link_->used; }
  [[nodiscard]] link& on() const { return *link_; }
  explicit operator bool() const { return pool_ != nullptr; }

 private:
  pool* pool_ = nullptr;
  link* link_ = nullptr;
  bool reserved_ = false;
};

/// A QUIC connection that nobody uses yet. It is given up with this object.
class dialed {
 public:
  dialed() = default;
  dialed(pool& of, link& on);
  dialed(dialed&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), link_(other.link_) {}
  dialed& operator=(dialed&& other) noexcept;
  ~dialed() { give_up(); }
  void give_up() noexcept;
  /// It is somebody else's to end from now on.
  [[nodiscard]] link& taken();
  [[nodiscard]] const link& on() const { return *link_; }
  explicit operator bool() const { return pool_ != nullptr; }

 private:
  pool* pool_ = nullptr;
  link* link_ = nullptr;
};

/// What a request asks of its connection.
struct wish {
  bool fresh = false;                       // HTTP/1: none that was idle
  std::uint64_t after = 0;                  // HTTP/2: a newer one than that of this id
  bool own = false;                         // none of another origin
  bool early = false;                       // HTTP/3: one whose handshake is not done will do
  std::vector<net::endpoint> without = {};  // HTTP/3: nobody listens there
};

/// Waits for a connection of an origin, or for the right to open one. First come, first served.
class turn_operation final : public parley::detail::operation {
 public:
  turn_operation(pool& of, origin_connections& at, const wish& what) : pool_(of), at_(at), wish_(what) {}
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
  wish wish_;
  result result_;
};

}  // namespace parley::fetching
