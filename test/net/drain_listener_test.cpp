#include "net/drain_listener.hpp"

#include "base/unique_fd.hpp"
#include "net/listen_socket.hpp"
#include "net/socket_address.hpp"
#include "talk.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <linux/filter.h>
#include <poll.h>
#include <sys/socket.h>

namespace net_tests {
namespace {

using parley::base::unique_fd;

/// A client that begins to connect. `deaf`: it hears nothing (a socket filter drops what comes) until `listen_up`.
unique_fd begin_to_connect(const net::endpoint& to, bool deaf) {
  const auto address = net::to_socket_address(to);
  unique_fd made(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (deaf) {
    sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog filter{1, &drop_all};
    EXPECT_EQ(setsockopt(made.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), 0);
  }
  ::connect(made.get(), address->get(), address->length);
  return made;
}

void listen_up(const unique_fd& client) {
  const int unused = 0;
  EXPECT_EQ(setsockopt(client.get(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused), 0);
}

bool connected(const unique_fd& client, int milliseconds) {
  pollfd asked{client.get(), POLLOUT, 0};
  if (::poll(&asked, 1, milliseconds) != 1) return false;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0;
}

class draining : public testing::Test {
 protected:
  void SetUp() override {
    listener = std::move(*net::listen(*loop, {"127.0.0.1", 0, false}));
    listener->start(&accepts);
  }
  /// Runs until the listener may be closed.
  void settle() {
    net::timer ask(*loop, [&] {
      if (listener->settled()) return loop->stop();
      ask.arm(loop->now() + net::listener_drain::ask_again);
    });
    ask.arm(loop->now());
    loop->run();
  }

  std::unique_ptr<net::loop> loop = net::loop::make();
  acceptor accepts;
  std::unique_ptr<net::listener> listener;
};

TEST_F(draining, waits_for_a_handshake_under_way) {
  const unique_fd early = begin_to_connect(listener->local(), true);
  listener->turn_away();
  EXPECT_FALSE(listener->settled());
  listen_up(early);
  settle();
  listener->close();
  EXPECT_EQ(accepts.accepted.size(), 1U);
  EXPECT_TRUE(connected(early, 0));
}

TEST_F(draining, turns_new_clients_away) {
  const unique_fd before = begin_to_connect(listener->local(), false);
  EXPECT_TRUE(connected(before, 60'000));
  listener->turn_away();
  const unique_fd late = begin_to_connect(listener->local(), false);
  EXPECT_FALSE(connected(late, 0)) << "a handshake on the loopback interface is done within connect()";
  settle();
  listener->close();
  EXPECT_EQ(accepts.accepted.size(), 1U);
  EXPECT_FALSE(connected(late, 60'000)) << "its second SYN is refused";
}

TEST_F(draining, does_not_wait_for_ever) {
  const unique_fd vanished = begin_to_connect(listener->local(), true);
  listener->turn_away();
  settle();  // the test's own time limit says whether it comes back
  listener->close();
  EXPECT_TRUE(accepts.accepted.empty());
}

TEST_F(draining, is_at_once_for_who_never_began) {
  EXPECT_TRUE(listener->settled());
  const auto shared = net::open_listen_socket({"127.0.0.1", 0, false}, {});
  net::listen_options how;
  how.inherited = ::dup(shared->socket.get());
  const auto inherited = std::move(*net::listen(*loop, {}, how));
  inherited->start(&accepts);
  inherited->turn_away();  // the filter would be the other holder's too
  EXPECT_TRUE(inherited->settled());
  const unique_fd client = begin_to_connect(inherited->local(), false);
  EXPECT_TRUE(connected(client, 60'000));
}

}  // namespace
}  // namespace net_tests
