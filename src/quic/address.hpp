// Where datagrams come from and go to, as the system lays addresses out, so that nobody converts any on the way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace parley::quic {

/// An IPv4 or IPv6 address with its port: a `sockaddr_in` or a `sockaddr_in6`.
class address {
 public:
  address() = default;
  /// From a system's socket address; another family than those two gives an empty one. What its bytes leave open is 0.
  address(const void* socket_address, std::size_t size);

  [[nodiscard]] const void* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool is_ipv6() const { return size_ == most; }
  /// Numeric, without the port: `127.0.0.1`, `::1`.
  [[nodiscard]] std::string host() const;
  /// 127.0.0.0/8 or ::1.
  [[nodiscard]] bool loopback() const;
  friend bool operator==(const address&, const address&) = default;

 private:
  static constexpr std::size_t most = 28;  // sockaddr_in6
  alignas(4) std::array<unsigned char, most> bytes_{};
  std::uint8_t size_ = 0;
};

/// Both ends of a way, seen from here (RFC 9000 §9). A server on a wildcard address may leave `local` with the address that its socket
/// is bound to; then a peer that changes which of our addresses it sends to is not noticed.
struct path {
  address local;
  address remote;
  friend bool operator==(const path&, const path&) = default;
};

/// The two bits of Explicit Congestion Notification in the IP header (RFC 3168 §5).
enum class ecn : std::uint8_t { none = 0, ect1 = 1, ect0 = 2, ce = 3 };

}  // namespace parley::quic
