// TLS over another byte stream: what is written leaves as records, what is read was decrypted.
#pragma once

#include "base/function.hpp"
#include "engine/observer.hpp"
#include "net/intrusive.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "tls/session.hpp"

#include <parley/tls.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace parley::connection {

class tls_end;

/// The contract is that of net/stream.hpp, and what it leaves open is:
/// * `read` and `write` carry content once the handshake is done. What `write` took has left as whole records into the stream below.
/// * An end of the stream below without close_notify is the error `tls::errc::truncated`: what came last may be cut off (RFC 8446 §6.1).
/// * `shutdown_write` and `close` say close_notify; `abort` does not.
/// Held beside the session: what came and was not asked for (up to one read), and ciphertext that the stream below did not take
/// (up to 64 KiB). Idle, neither.
class tls_stream final : public net::byte_stream, public parley::detail::tls_source {
 public:
  /// A server's end.
  tls_stream(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::server_credentials> with);
  /// A client's end.
  tls_stream(net::loop& on, std::unique_ptr<net::byte_stream> below, std::shared_ptr<const tls::client_credentials> with,
             tls::destination to);
  ~tls_stream() override;

  using handshake_callback = base::unique_function<void(const tls::error&)>;
  struct handshake_limits {
    std::chrono::milliseconds handshake{10'000};  // then errc::handshake_time
    /// How long a refused client may still read our alert before the stream is closed (at a server): closing at once could destroy
    /// it on its way.
    std::chrono::milliseconds linger{2'000};
  };
  /// Begins the handshake. `done` is called once, never from within this call, unless the stream is closed or destroyed before;
  /// it may do either. An error is final: close the stream.
  void handshake(const handshake_limits& within, handshake_callback done);
  /// A server's: the client speaks HTTP without TLS, so the handshake is done with no error and the stream carries its bytes as they
  /// are. Good for one answer that says so.
  [[nodiscard]] bool cleartext() const;
  /// Whether the peer has sent anything yet.
  [[nodiscard]] bool heard() const;
  [[nodiscard]] const tls::session& session() const;
  [[nodiscard]] const net::byte_stream& below() const;
  /// For users: what was settled.
  [[nodiscard]] tls_info about() const override;

  void handler(net::stream_handler* to) override;
  void read() override;
  void cancel_read() override;
  using net::byte_stream::write;
  net::write_result write(std::span<const base::segment> segments, bool more) override;
  void wait_writable() override;
  [[nodiscard]] std::uint64_t unsent() const override;
  void shutdown_write() override;
  void close() override;
  void abort() override;
  [[nodiscard]] const net::endpoint& peer() const override;
  [[nodiscard]] const net::endpoint& local() const override;

 private:
  net::intrusive<tls_end> end_;
};

/// Shows a handshake's beginning (no stream), or its end.
void observe_handshake(engine::observer& sink, net::time_point now, std::uint64_t connection, const tls_stream* done,
                       const tls::error& error);

}  // namespace parley::connection
