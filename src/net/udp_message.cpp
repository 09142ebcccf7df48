#include "net/udp_message.hpp"

#include <cstring>
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

constexpr std::uint8_t ecn_bits = 3;

template <class T>
T value_of(const cmsghdr& of) {
  T value{};
  std::memcpy(&value, CMSG_DATA(&of), sizeof value);
  return value;
}

template <class T>
void add(msghdr& to, std::size_t& used, int level, int type, const T& value) {
  auto* const at = reinterpret_cast<cmsghdr*>(static_cast<unsigned char*>(to.msg_control) + used);
  at->cmsg_level = level;
  at->cmsg_type = type;
  at->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(at), &value, sizeof value);
  used += CMSG_SPACE(sizeof value);
}

ip_endpoint local_v4(const in_pktinfo& told) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr = told.ipi_addr;
  return {&in, sizeof in};
}

ip_endpoint local_v6(const in6_pktinfo& told) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_addr = told.ipi6_addr;
  if (IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr)) in.sin6_scope_id = told.ipi6_ifindex;
  return {&in, sizeof in};
}

}  // namespace

received_control read_control(msghdr& of) {
  received_control all;
  for (cmsghdr* c = CMSG_FIRSTHDR(&of); c != nullptr; c = CMSG_NXTHDR(&of, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) all.ecn = value_of<std::uint8_t>(*c) & ecn_bits;
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) all.ecn = value_of<int>(*c) & ecn_bits;
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) all.local = local_v4(value_of<in_pktinfo>(*c));
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) all.local = local_v6(value_of<in6_pktinfo>(*c));
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      const int segment = value_of<int>(*c);
      if (segment > 0) all.segment = static_cast<std::size_t>(segment);
    }
  }
  return all;
}

void write_control(msghdr& of, control_room& room, const datagram_run& run, bool with_local, bool segmented) {
  std::size_t used = 0;
  of.msg_control = room.bytes.data();
  const bool v6 = run.remote.v6();
  if (run.ecn != 0) {
    add(of, used, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, static_cast<int>(run.ecn & ecn_bits));
  }
  if (with_local && v6) {
    sockaddr_in6 local{};
    std::memcpy(&local, run.local.data(), sizeof local);
    add(of, used, IPPROTO_IPV6, IPV6_PKTINFO, in6_pktinfo{local.sin6_addr, local.sin6_scope_id});
  } else if (with_local) {
    sockaddr_in local{};
    std::memcpy(&local, run.local.data(), sizeof local);
    add(of, used, IPPROTO_IP, IP_PKTINFO, in_pktinfo{0, local.sin_addr, {}});
  }
  if (segmented) add(of, used, IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(run.segment));
  of.msg_controllen = used;
  if (used == 0) of.msg_control = nullptr;
}

}  // namespace parley::net
