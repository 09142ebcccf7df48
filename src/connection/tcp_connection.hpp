// A connection over an ordered byte stream: the stream below, a byte engine in the middle, exchanges above.
#pragma once

#include "base/buffer.hpp"
#include "connection/http_connection.hpp"
#include "engine/byte_engine.hpp"
#include "net/loop.hpp"
#include "net/maybe_time.hpp"
#include "net/stream.hpp"

#include <parley/limits.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

namespace parley::connection {

class tls_stream;

class tcp_connection final : public http_connection, private net::stream_handler {
 public:
  /// `id` names it in observations. The owner, the loop and the observer outlive it.
  tcp_connection(net::loop& on, std::unique_ptr<net::byte_stream> stream, std::unique_ptr<engine::byte_engine> engine,
                 exchange_owner& owner, engine::role as, const limits& caps, std::uint64_t id, engine::observer* observer);
  ~tcp_connection() override;

  /// Before `start`: the stream is TLS's, whose handshake is done. Null does nothing.
  void over(const tls_stream* tls);
  /// Server, before `start`, with an engine for HTTP/1: looks for a client that begins with HTTP/2. `allowed`: then, or when its first request
  /// asks to `Upgrade: h2c`, an engine for HTTP/2 takes over; otherwise it is told what is wrong.
  void select(bool allowed);
  void start() override;
  /// Client, from within `on_detached`: the server has switched to HTTP/2, whose engine has the exchange as its stream 1 (RFC 7540 §3.2).
  void upgraded(std::unique_ptr<engine::byte_engine> engine);

  [[nodiscard]] bool shown_to_be(std::string_view host) const override;
  void close_gracefully() override;
  void abort(std::string_view reason) override;
  [[nodiscard]] bool has_output() const override;
  [[nodiscard]] const net::endpoint& peer() const override { return stream_->peer(); }
  [[nodiscard]] const net::endpoint& local() const override { return stream_->local(); }

 private:
  std::span<char> read_room() override;
  void on_read(std::size_t n, std::error_code error) override;
  void on_hangup(std::error_code error) override;
  void on_writable(std::error_code error) override;

  // tcp_connection_select.cpp
  bool decide();  // whether the version is known
  void look_at(engine::event& e);
  void upgrade(engine::request_event& e);
  void explain(engine::reset_event& e);
  void go_on_with(std::unique_ptr<engine::byte_engine> engine);

  void turn() override;
  void process();
  bool take_events();  // whether there was any
  bool flush();        // whether it wrote something, and could write more
  bool flush_many(engine::byte_engine& from);
  bool write(engine::byte_engine& from, std::span<const engine::segment> segments, bool more);
  void show_sent(std::span<const engine::segment> segments, std::size_t left);
  void read_more();
  void watch_time();
  void on_time();
  void tell_eof();
  void bound_late() override { expect_half_closed(); }
  void expect_half_closed();
  void check_end();
  void close_stream(std::string_view reason);
  void fail_stream(std::error_code error);
  [[nodiscard]] engine::byte_engine& wire() const { return static_cast<engine::byte_engine&>(*engine_); }
  // tcp_connection_time.cpp
  enum class delivery : std::uint8_t { done, goes_on, too_slow };
  delivery look_at_delivery();
  std::optional<std::uint64_t> newly_delivered();
  bool wait_for_delivery(net::maybe_time& until);
  void on_linger_time();
  static constexpr std::uint64_t never_asked = UINT64_MAX;

  std::unique_ptr<net::byte_stream> stream_;
  std::unique_ptr<engine::byte_engine> before_;  // after an upgrade: its last words go first
  base::buffer in_;
  net::timer timer_;
  // What idles is counted in bytes: see bench/README.md.
  net::maybe_time half_closed_until_;
  net::maybe_time linger_until_;
  net::maybe_time delivery_until_;      // the idle time is over, and the system still delivers what was sent
  std::uint64_t unsent_ = never_asked;  // what the system held for the peer when it was asked last
  std::uint32_t room_ = 0;              // of the read under way
  std::uint32_t returned_ = 0;          // of what the engine before took: bytes for the one that went on
  bool reading_ = false;
  bool write_blocked_ = false;
  bool eof_told_ = false;     // to the engine
  bool read_filled_ = false;  // the last read filled its buffer: more is likely to wait
  bool undecided_ = false;    // whether it is HTTP/1 or 2
  bool may_be_http2_ = false;
  bool tls_hello_ = false;      // the first byte was a TLS record's
  bool http2_refused_ = false;  // it began with HTTP/2 where there is none
  bool graceful_ = false;       // the engine was told to end
  bool delivery_watched_ = false;
};

}  // namespace parley::connection
