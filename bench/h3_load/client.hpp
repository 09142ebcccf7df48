// One connection of a load over HTTP/3: our QUIC and our engine, with nothing around them that the load does not need.
#pragma once

#include "connection/make_engine.hpp"
#include "net/datagram.hpp"
#include "net/loop.hpp"
#include "quic/connection.hpp"
#include "semantics/message_head.hpp"
#include "tls/credentials.hpp"

#include <parley/limits.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace h3_load {

namespace engine = parley::engine;
namespace net = parley::net;
namespace quic = parley::quic;

/// What all connections share. Nothing that comes is trusted to be right: what is not as expected ends the program with a word about it.
struct load {
  net::loop& loop;
  net::ip_endpoint server;
  std::shared_ptr<const parley::tls::client_credentials> credentials;
  parley::limits caps;
  parley::semantics::request_head request;
  /// Of a received datagram to be dropped before QUIC sees it.
  double loss = 0;
  std::size_t streams = 1;  // of each connection at once
  std::size_t under_way = 0;
  std::size_t answered = 0;
  std::uint64_t bytes = 0;  // of content
  std::uint64_t datagrams = 0;
  std::uint64_t dropped = 0;
  std::size_t size = SIZE_MAX;  // of the content of each answer; learned from the first
  std::string* keep = nullptr;  // where a response is kept as text
  quic::batch batch{std::size_t{128} * 1024};
  std::uint64_t dice = 0x9e3779b97f4a7c15;
  /// After each turn of a connection.
  parley::base::unique_function<void()> on_turn{};

  [[nodiscard]] bool drops();
};

[[noreturn]] void fail(const std::string& what);

class client final : private net::datagram_handler, private quic::event_taker {
 public:
  explicit client(load& of);
  /// Takes what may be asked now to its server, and what is due.
  void serve();
  /// Says good-bye.
  void close();
  /// Such as `TLS_AES_128_GCM_SHA256`.
  [[nodiscard]] std::string cipher() const { return std::string(transport_->tls()->cipher()); }
  /// So many requests more are to be made.
  std::size_t wanted = 0;

 private:
  void on_datagrams(std::span<const net::datagram_run> runs) override;
  void on_writable() override { serve(); }
  void on_error(std::error_code what) override { fail("the socket: " + what.message()); }
  void take_events() override;
  void take(const engine::event& one);
  void answered();
  void ask();
  void flush();
  void on_time();

  load& load_;
  std::unique_ptr<net::datagram_socket> socket_;
  std::unique_ptr<engine::stream_engine> engine_;
  std::unique_ptr<quic::connection> transport_;
  net::timer timer_;
  std::size_t awaited_ = 0;
  bool closing_ = false;
  std::vector<std::pair<engine::stream_id, std::size_t>> received_;  // content, of those that are awaited
};

}  // namespace h3_load
