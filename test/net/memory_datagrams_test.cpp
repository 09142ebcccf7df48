#include "net/memory_network.hpp"

#include "datagram_end.hpp"

#include <gtest/gtest.h>

#include <set>

namespace net_tests {
namespace {

using namespace std::chrono_literals;

class memory_datagrams : public testing::Test {
 protected:
  net::memory_loop loop;

  datagram_end open(const net::ip_endpoint& at, const net::ip_endpoint& peer = {}) {
    net::datagram_options how;
    how.peer = peer;
    return datagram_end(std::move(net::open_datagrams(loop, at, how).value()));
  }
  // As many datagrams as 10,000, each with its number.
  static std::string thousands() {
    std::string all;
    for (int i = 10'000; i < 20'000; ++i) all += std::to_string(i);
    return all;
  }
};

TEST_F(memory_datagrams, arrive_in_order_after_the_delay) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("10.0.0.2", 2));
  loop.weather().delay = 20ms;
  a.send(ip("10.0.0.2", 2), "onetwothr", 3, 2);
  loop.run_for(19ms);
  EXPECT_TRUE(b.all.empty());
  loop.run_for(1ms);
  ASSERT_EQ(b.all.size(), 3U);
  EXPECT_EQ(b.all[0].bytes + b.all[1].bytes + b.all[2].bytes, "onetwothr");
  EXPECT_EQ(b.all[0].remote, ip("10.0.0.1", 1));
  EXPECT_EQ(b.all[0].local, ip("10.0.0.2", 2));
  EXPECT_EQ(b.all[0].ecn, 2);
}

TEST_F(memory_datagrams, are_lost_as_often_as_was_asked) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("10.0.0.2", 2));
  loop.weather().loss = 0.3;
  a.send(ip("10.0.0.2", 2), thousands(), 5);
  loop.run_until_idle();
  EXPECT_GT(b.all.size(), 6'800U);
  EXPECT_LT(b.all.size(), 7'200U);
  loop.weather().loss = 1;
  a.send(ip("10.0.0.2", 2), "never");
  a.send(ip("10.0.0.3", 2), "nobody");
  const std::size_t before = b.all.size();
  loop.run_until_idle();
  EXPECT_EQ(b.all.size(), before);
}

TEST_F(memory_datagrams, come_twice_and_out_of_order) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("10.0.0.2", 2));
  loop.weather() = {.delay = 1ms, .jitter = 5ms, .duplication = 0.1};
  a.send(ip("10.0.0.2", 2), thousands(), 5);
  loop.run_until_idle();
  std::set<std::string> seen;
  std::size_t behind = 0;
  for (std::size_t i = 0; i < b.all.size(); ++i) {
    seen.insert(b.all[i].bytes);
    if (i > 0 && b.all[i].bytes < b.all[i - 1].bytes) ++behind;
  }
  EXPECT_EQ(seen.size(), 10'000U);
  EXPECT_GT(b.all.size(), 10'800U);
  EXPECT_LT(b.all.size(), 11'200U);
  EXPECT_GT(behind, 1'000U);
}

TEST_F(memory_datagrams, are_damaged_by_one_bit) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("10.0.0.2", 2));
  loop.weather().corruption = 1;
  a.send(ip("10.0.0.2", 2), std::string(100, '\0'));
  loop.run_until_idle();
  ASSERT_EQ(b.all.size(), 1U);
  int bits = 0;
  for (const char c : b.all[0].bytes) bits += __builtin_popcount(static_cast<unsigned char>(c));
  EXPECT_EQ(bits, 1);
}

TEST_F(memory_datagrams, above_the_mtu_do_not_arrive) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("10.0.0.2", 2));
  loop.weather().mtu = 1300;
  a.send(ip("10.0.0.2", 2), std::string(1301, 'x'));
  a.send(ip("10.0.0.2", 2), std::string(1300, 'y'));
  loop.run_until_idle();
  ASSERT_EQ(b.all.size(), 1U);
  EXPECT_EQ(b.all[0].bytes[0], 'y');
}

TEST_F(memory_datagrams, wait_at_the_bottleneck_or_are_lost) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("10.0.0.2", 2));
  loop.weather().rate = 100'000;  // 10 ms each
  loop.weather().queue = 50ms;
  a.send(ip("10.0.0.2", 2), std::string(20'000, 'x'), 1000);
  loop.run_for(10ms);
  EXPECT_EQ(b.all.size(), 1U);
  loop.run_for(30ms);
  EXPECT_EQ(b.all.size(), 4U);
  loop.run_until_idle();
  EXPECT_EQ(b.all.size(), 6U);
}

TEST_F(memory_datagrams, show_another_address_after_rebinding) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("0.0.0.0", 2));
  ASSERT_TRUE(loop.rebind_datagrams(ip("10.0.0.1", 1), ip("10.0.0.9", 77)));
  EXPECT_FALSE(loop.rebind_datagrams(ip("10.0.0.1", 1), ip("10.0.0.9", 78)));
  a.send(ip("10.0.0.2", 2), "hello");
  loop.run_until_idle();
  ASSERT_EQ(b.all.size(), 1U);
  EXPECT_EQ(b.all[0].remote, ip("10.0.0.9", 77));
  EXPECT_EQ(b.all[0].local, ip("10.0.0.2", 2));
  b.send(b.all[0].remote, "answer", 0, 0, b.all[0].local);
  b.send(ip("10.0.0.1", 1), "lost");
  loop.run_until_idle();
  ASSERT_EQ(a.all.size(), 1U);
  EXPECT_EQ(a.all[0].bytes, "answer");
  EXPECT_EQ(a.all[0].remote, ip("10.0.0.2", 2));
}

TEST_F(memory_datagrams, have_ports_of_their_own) {
  const datagram_end a = open(ip("127.0.0.1"));
  const datagram_end b = open(ip("127.0.0.1"), a.socket->local());
  EXPECT_NE(a.socket->local().port(), 0);
  EXPECT_NE(a.socket->local(), b.socket->local());
  EXPECT_FALSE(net::open_datagrams(loop, a.socket->local(), {}));
}

TEST_F(memory_datagrams, may_be_destroyed_by_the_handler) {
  datagram_end a = open(ip("10.0.0.1", 1));
  datagram_end b = open(ip("10.0.0.2", 2));
  b.then = [&] { b.socket.reset(); };
  a.send(ip("10.0.0.2", 2), "abc", 1);
  loop.run_until_idle();
  EXPECT_EQ(b.all.size(), 3U);
  a.send(ip("10.0.0.2", 2), "abc", 1);
  loop.run_until_idle();
  EXPECT_EQ(b.all.size(), 3U);
}

}  // namespace
}  // namespace net_tests
