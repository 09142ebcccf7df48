// Where connections wait while their TLS handshake is under way, on one loop.
#pragma once

#include "connection/tls_stream.hpp"
#include "engine/observer.hpp"
#include "net/loop.hpp"
#include "server/address_counts.hpp"

#include <parley/limits.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace parley::server_room {

class tls_gate_owner {
 public:
  /// A handshake is done: the stream carries HTTP.
  virtual void on_secured(std::unique_ptr<connection::tls_stream> stream, std::uint64_t id, address_counts::place place) = 0;
  /// One that failed has left.
  virtual void on_refused_handshake(const tls::error& why) = 0;

 protected:
  ~tls_gate_owner() = default;
};

class tls_gate {
 public:
  tls_gate(net::loop& on, tls_gate_owner& owner, const limits& caps) : loop_(on), owner_(owner), limits_(caps) {}
  tls_gate(const tls_gate&) = delete;
  tls_gate& operator=(const tls_gate&) = delete;
  ~tls_gate();

  /// `id` names the connection in observations.
  void enter(std::unique_ptr<net::byte_stream> stream, std::shared_ptr<const tls::server_credentials> with, std::uint64_t id,
             engine::observer* observer, address_counts::place place);
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  /// Gives up all handshakes.
  void clear();
  /// Gives up those whose client has said nothing; how many.
  std::size_t clear_silent();

 private:
  struct entry {
    std::unique_ptr<connection::tls_stream> stream;
    std::uint64_t id;
    engine::observer* observer;
    std::size_t index;
    address_counts::place place;
  };
  void done(entry& e, const tls::error& error);
  std::unique_ptr<entry> take(entry& e);

  net::loop& loop_;
  tls_gate_owner& owner_;
  const limits& limits_;
  std::vector<std::unique_ptr<entry>> waiting_;
};

}  // namespace parley::server_room
