#include "net/drain_listener.hpp"

#include "base/unique_fd.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace parley::net {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_settling = 2s;   // a lost SYN-ACK is sent again after one (RFC 6298 §2)
constexpr auto blind_settling = 250ms;  // where handshakes cannot be seen: longer than most round trips
constexpr int quiet_needed = 2;         // another processor may be handling a SYN that passed just before the filter came

/// Classic BPF over the packet from its TCP header on (RFC 9293 §3.1: flags in byte 13): drops SYN without ACK, passes all else.
bool drop_new_syns(int listening) {
  constexpr unsigned syn = 0x02;
  constexpr unsigned ack = 0x10;
  std::array<sock_filter, 5> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn | ack),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),  // whole: accepted sockets inherit the filter
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return setsockopt(listening, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

enum class handshakes { none, some, unknown };

/// Asks the kernel (sock_diag(7)) for sockets of `port` in SYN_RECV.
handshakes under_way(std::uint16_t port, bool v6) {
  const base::unique_fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!socket) return handshakes::unknown;
  struct {
    nlmsghdr header{};
    inet_diag_req_v2 request{};
  } question;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  question.request.sdiag_family = v6 ? AF_INET6 : AF_INET;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = 1U << TCP_SYN_RECV;
  question.request.id.idiag_sport = htons(port);
  question.request.id.idiag_cookie[0] = question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (::send(socket.get(), &question, sizeof question, 0) != sizeof question) return handshakes::unknown;

  alignas(nlmsghdr) std::array<std::byte, 8192> answer{};
  for (;;) {
    const ssize_t n = ::recv(socket.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (n < static_cast<ssize_t>(sizeof(nlmsghdr))) return handshakes::unknown;
    nlmsghdr first{};  // one is enough to know
    std::memcpy(&first, answer.data(), sizeof first);
    if (first.nlmsg_type == NLMSG_DONE) return handshakes::none;
    if (first.nlmsg_type == SOCK_DIAG_BY_FAMILY) return handshakes::some;
    if (first.nlmsg_type != NLMSG_NOOP) return handshakes::unknown;
  }
}

}  // namespace

void listener_drain::begin(int listening, const endpoint& local, time_point now) {
  if (begun_ || local.unix_socket || !drop_new_syns(listening)) return;
  begun_ = true;
  v6_ = local.host.find(':') != std::string::npos;
  port_ = local.port;
  begun_at_ = asked_at_ = now;
}

bool listener_drain::settled(time_point now) {
  if (!begun_ || quiet_ >= quiet_needed || now - begun_at_ >= longest_settling) return true;
  if (now - asked_at_ < ask_again) return false;
  asked_at_ = now;
  switch (under_way(port_, v6_)) {
    case handshakes::none: return ++quiet_ >= quiet_needed;
    case handshakes::some: quiet_ = 0; return false;
    case handshakes::unknown: break;
  }
  return now - begun_at_ >= blind_settling;
}

}  // namespace parley::net
