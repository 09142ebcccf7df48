// The inside of a tls_stream: counted, since a callback may destroy the stream that called it.
#pragma once

#include "base/buffer.hpp"
#include "connection/tls_stream.hpp"
#include "net/loop.hpp"

#include <optional>

namespace parley::connection {

class record_cursor;

class tls_end final : public net::counted<tls_end>, private net::stream_handler {
 public:
  tls_end(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::server_credentials> with);
  tls_end(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::client_credentials> with,
          tls::destination to);
  ~tls_end();

  void handshake(const tls_stream::handshake_limits& within, tls_stream::handshake_callback done);
  void handler(net::stream_handler* to) { handler_ = to; }
  void read();
  void cancel_read() { wanted_ = false; }
  net::write_result write(std::span<const base::segment> segments, bool more);
  void wait_writable();
  void shutdown_write();
  void close();
  void abort();

  [[nodiscard]] bool cleartext() const { return mode_ == mode::cleartext; }
  [[nodiscard]] bool server() const { return server_; }
  [[nodiscard]] bool heard() const { return heard_; }
  [[nodiscard]] const tls::session& session() const { return session_; }
  /// With the records that have not gone to the stream below yet.
  [[nodiscard]] std::uint64_t unsent() const { return below_->unsent() + session_.output().size(); }
  [[nodiscard]] const net::byte_stream& below() const { return *below_; }

 private:
  enum class mode : std::uint8_t {
    handshaking,
    refusing,  // the handshake failed, and the peer may still read why
    open,
    cleartext,
    closed,
  };

  // Called by the stream below.
  void on_read(std::size_t n, std::error_code error) override;
  void on_writable(std::error_code error) override;
  void on_hangup(std::error_code error) override;
  std::span<char> read_room() override;

  void go_on();        // with the handshake, or with the read under way
  void shake_hands();  //
  void deliver();      // plaintext to the read under way
  void deliver_cleartext();
  void give_hangup();
  void give_read(std::size_t n, std::error_code error);
  void give_writable();
  void look_soon();
  void read_below();
  /// Whether all of the session's output has left.
  bool flush(bool more = false);
  void finish_writing();
  void handshake_failed(const tls::error& why);
  void handshake_lost();
  void handshake_ended(const tls::error& why);
  void on_time();
  std::size_t encrypt_some(record_cursor& from, bool more);
  [[nodiscard]] std::size_t record_limit();
  [[nodiscard]] std::error_code write_error() const;

  net::loop& loop_;
  std::unique_ptr<net::byte_stream> below_;
  tls::session session_;
  net::stream_handler* handler_ = nullptr;
  tls_stream::handshake_callback done_;
  std::unique_ptr<net::timer> timer_;  // until the handshake is done
  std::chrono::milliseconds linger_{0};
  base::buffer in_;       // ciphertext that was read and not yet used
  std::size_t room_ = 0;  // of the read below
  std::error_code lost_;
  net::time_point last_write_{};
  std::uint32_t burst_ = 0;  // bytes since the stream was last idle
  mode mode_ = mode::handshaking;
  const bool server_;
  bool begun_ = false;          // the peer's first bytes have come
  bool wanted_ = false;         // a read is under way
  bool waiting_ = false;        // our owner waits to write
  bool looking_ = false;        // `look_soon` will come
  bool reading_below_ = false;  //
  bool waiting_below_ = false;  // for room below
  bool ended_below_ = false;    // the stream below has given its end
  bool heard_ = false;          // anything from the peer
  bool read_filled_ = false;    // the last read below filled its room: more is likely to wait
  bool held_back_ = false;      // one byte of what was encrypted counts as not written until its record has left
  bool shutting_ = false;       // close_notify was said
  bool shut_below_ = false;
  bool hangup_told_ = false;
};

}  // namespace parley::connection
