#include "net/udp_socket.hpp"

#include "net/socket_address.hpp"

#include <algorithm>
#include <climits>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace parley::net {
namespace {

bool set(int socket, int level, int option, int value) { return setsockopt(socket, level, option, &value, sizeof value) == 0; }

base::unique_fd make_socket(bool v6) {
  base::unique_fd made(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (made && v6) set(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return made;
}

std::error_code bind_to(int socket, const ip_endpoint& at) {
  const auto* address = static_cast<const sockaddr*>(at.data());
  return ::bind(socket, address, static_cast<socklen_t>(at.size())) == 0 ? std::error_code() : last_error();
}

// Beside a socket without SO_REUSEPORT no other can be bound, not even one that would share.
std::error_code look_for_other_sockets(const ip_endpoint& at) {
  const base::unique_fd probe = make_socket(at.v6());
  return probe ? bind_to(probe.get(), at) : last_error();
}

ip_endpoint name_of(int socket) {
  socket_address at;
  if (getsockname(socket, at.get(), &at.length) != 0) return {};
  return {at.get(), at.length};
}

// QUIC finds out by itself how large a datagram may be (RFC 9000 §14.3), so none may be cut to pieces on its way, and what an ICMP
// message says is not believed.
void send_whole(int socket, bool v6) {
  if (v6) {
    set(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  } else {
    set(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  }
}

void ask_for_control(const udp_socket& of) {
  const int socket = of.socket.get();
  const bool v6 = of.local.v6();
  set(socket, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVTCLASS : IP_RECVTOS, 1);
  if (of.tells_local) set(socket, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1);
}

bool knows_segments(int socket) {
  int size = 0;
  socklen_t length = sizeof size;
  return getsockopt(socket, IPPROTO_UDP, UDP_SEGMENT, &size, &length) == 0;
}

}  // namespace

std::expected<udp_socket, std::error_code> open_udp_socket(const ip_endpoint& at, const datagram_options& options) {
  if (at.empty()) return std::unexpected(make_error_code(std::errc::invalid_argument));
  if (options.alone) {
    if (const std::error_code error = look_for_other_sockets(at)) return std::unexpected(error);
  }
  udp_socket made;
  made.socket = make_socket(at.v6());
  if (!made.socket) return std::unexpected(last_error());
  const int socket = made.socket.get();
  if (options.share) set(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  if (const std::error_code error = bind_to(socket, at)) return std::unexpected(error);
  if (!options.peer.empty()) {
    const auto* peer = static_cast<const sockaddr*>(options.peer.data());
    if (::connect(socket, peer, static_cast<socklen_t>(options.peer.size())) != 0) return std::unexpected(last_error());
    made.connected = true;
  }
  made.local = name_of(socket);
  made.tells_local = made.local.any_address();
  send_whole(socket, at.v6());
  ask_for_control(made);
  const int buffer = static_cast<int>(std::min<std::size_t>(options.buffer, INT_MAX));
  if (buffer > 0) {
    set(socket, SOL_SOCKET, SO_RCVBUF, buffer);
    set(socket, SOL_SOCKET, SO_SNDBUF, buffer);
  }
  if (options.batches) {
    made.segments = knows_segments(socket);
    made.gathers = set(socket, IPPROTO_UDP, UDP_GRO, 1);
  }
  return made;
}

std::error_code attach_steering(int socket, const steering& how) {
  if (how.sockets == 0) return make_error_code(std::errc::invalid_argument);
  // The program sees what lies behind the UDP header. Reading beyond the datagram's end gives 0: the first socket. A long header (RFC 9000
  // §17.2) has its id's length at 5 and the id behind it, a short one (§17.3) has one of our ids at 1.
  constexpr std::uint32_t long_header = 0x80;
  constexpr std::uint32_t shortest_id = 5;
  const std::array<sock_filter, 16> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, long_header, 0, 4),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 5),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, shortest_id, 0, 11),
      BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 6),
      BPF_STMT(BPF_JMP | BPF_JA, 1),
      BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 1),
      BPF_STMT(BPF_LD | BPF_W | BPF_IND, 1),
      BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, how.key),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 24),
      BPF_STMT(BPF_ST, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
      BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 0),
      BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, how.sockets),
      BPF_STMT(BPF_RET | BPF_A, 0),
  }};
  std::array<sock_filter, 17> whole{};
  std::ranges::copy(program, whole.begin());
  whole.back() = BPF_STMT(BPF_RET | BPF_K, 0);
  // The jump over a short id leads to the last one.
  whole[3].jf = static_cast<std::uint8_t>(whole.size() - 1 - 4);
  const sock_fprog attached{static_cast<unsigned short>(whole.size()), whole.data()};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &attached, sizeof attached) != 0) return last_error();
  return {};
}

}  // namespace parley::net
