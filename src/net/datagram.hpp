// Datagrams, many at a time: UDP sockets, and the same in memory for tests.
#pragma once

#include "net/loop.hpp"
#include "net/stream.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>

namespace parley::net {

/// An IPv4 or IPv6 address with its port, as the system lays it out (`sockaddr_in`, `sockaddr_in6`): no conversions on a datagram's way.
class ip_endpoint {
 public:
  ip_endpoint() = default;
  /// Another family than those two gives an empty one. What does not tell ends apart (a flow label) is left out.
  ip_endpoint(const void* socket_address, std::size_t size);
  /// Numeric; anything else gives an empty one.
  explicit ip_endpoint(const endpoint& from);

  [[nodiscard]] const void* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool v6() const { return size_ == most; }
  [[nodiscard]] std::uint16_t port() const;
  void port(std::uint16_t n);
  /// 0.0.0.0 or ::.
  [[nodiscard]] bool any_address() const;
  [[nodiscard]] endpoint to_endpoint() const;
  friend auto operator<=>(const ip_endpoint&, const ip_endpoint&) = default;

 private:
  static constexpr std::size_t most = 28;  // sockaddr_in6
  alignas(4) std::array<unsigned char, most> bytes_{};
  std::uint8_t size_ = 0;
};

/// Datagrams from one end to the other that lie one behind the other, each of `segment` bytes, but the last, which may be shorter.
struct datagram_run {
  ip_endpoint local;
  ip_endpoint remote;
  /// The two bits of Explicit Congestion Notification in the IP header (RFC 3168 §5).
  std::uint8_t ecn = 0;
  std::size_t segment = 0;
  std::string_view bytes;

  [[nodiscard]] std::size_t count() const { return segment == 0 ? 0 : (bytes.size() + segment - 1) / segment; }
};

/// The most that one run may hold when it is sent, as the system has it: UDP_MAX_SEGMENTS, and an IP packet's length.
inline constexpr std::size_t most_segments = 64;
inline constexpr std::size_t most_run_bytes = 65'000;

/// Gets a socket's news, on its loop. Nothing comes after `datagram_socket::close`.
class datagram_handler {
 public:
  /// The bytes are valid during the call.
  virtual void on_datagrams(std::span<const datagram_run> runs) = 0;
  /// `send` takes more again.
  virtual void on_writable() = 0;
  /// Something went wrong that concerns no datagram at hand, such as an ICMP message that nobody listens there (of a socket with one
  /// peer). The socket goes on.
  virtual void on_error(std::error_code) {}

 protected:
  ~datagram_handler() = default;
};

/// How far `send` came: whole runs, and bytes of the next one.
struct send_place {
  std::size_t runs = 0;
  std::size_t bytes = 0;
};

struct datagram_counters {
  std::uint64_t datagrams_in = 0;
  std::uint64_t datagrams_out = 0;
  std::uint64_t reads = 0;      // calls of the system that brought any
  std::uint64_t writes = 0;     // calls of the system that took any
  std::uint64_t dropped = 0;    // that could not be sent: too large for the way, say
  std::uint64_t truncated = 0;  // that were longer than any of use and left out
};

/// Which of several sockets on one port a datagram goes to, by QUIC's destination connection id (RFC 9000 §5.2): with `id` its bytes, the
/// socket of number `(id[0] ^ (((id[1] << 24 | id[2] << 16 | id[3] << 8 | id[4]) * key mod 2^32) >> 24)) mod sockets`, in the order in
/// which they were opened; the first for datagrams without such an id.
struct steering {
  std::uint32_t key = 0;
  unsigned sockets = 0;
};

/// One loop's thread only. Destroying it closes it; a handler may do so.
class datagram_socket {
 public:
  virtual ~datagram_socket() = default;
  /// The address that it is bound to, with the port it got. With one peer: the one that the system chose for it.
  [[nodiscard]] virtual const ip_endpoint& local() const = 0;
  /// Begins to receive.
  virtual void start(datagram_handler* to) = 0;
  /// Sends from `at` on, which moves on. What the way cannot take is dropped, as a network does. False: the system takes no more now, so
  /// call `wait_writable` and go on at `at` after `on_writable`.
  [[nodiscard]] virtual bool send(std::span<const datagram_run> runs, send_place& at) = 0;
  virtual void wait_writable() = 0;
  /// For all sockets that share its address, opened so far or later. An error where the system has no such filters: then it chooses by
  /// addresses and ports.
  virtual std::error_code steer(const steering& how) = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual const datagram_counters& counters() const = 0;
};

struct datagram_options {
  /// Several sockets share the address (SO_REUSEPORT), one a loop.
  bool share = false;
  /// First makes sure that nobody else has the address, not even one who shares too (see `listen_options::alone`).
  bool alone = false;
  /// The only end that it talks with; empty: any.
  ip_endpoint peer{};
  /// Many datagrams a call of the system, where it can (UDP_SEGMENT, UDP_GRO).
  bool batches = true;
  /// What the system holds of what was not read, or not sent; it may give less. 0: its default.
  std::size_t buffer = std::size_t{2} * 1024 * 1024;
};

/// A UDP socket on a numeric address (port 0: the system chooses one). IPv6 addresses take IPv6 only.
[[nodiscard]] std::expected<std::unique_ptr<datagram_socket>, std::error_code> open_datagrams(loop& on, const ip_endpoint& at,
                                                                                              const datagram_options& options);

}  // namespace parley::net
