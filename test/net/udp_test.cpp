#include "datagram_end.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

namespace net_tests {
namespace {

class udp : public testing::Test {
 protected:
  std::unique_ptr<net::loop> loop = net::loop::make();

  std::unique_ptr<datagram_end> open(const net::ip_endpoint& at, const net::datagram_options& how = {}) {
    auto made = net::open_datagrams(*loop, at, how);
    if (!made) return nullptr;
    return std::make_unique<datagram_end>(std::move(*made));
  }

  void run_until(datagram_end& of, const std::function<bool()>& done) {
    of.then = [&] {
      if (done()) loop->stop();
    };
    if (!done()) loop->run();
    of.then = nullptr;
  }
};

std::string numbered(std::size_t datagrams, std::size_t size, std::size_t last) {
  std::string all;
  for (std::size_t i = 0; i < datagrams; ++i) {
    std::string one(i + 1 == datagrams ? last : size, static_cast<char>('a' + i % 26));
    one[0] = static_cast<char>(i);
    all += one;
  }
  return all;
}

TEST_F(udp, carries_many_with_one_call) {
  for (const bool batches : {true, false}) {
    net::datagram_options how;
    how.batches = batches;
    const auto a = open(ip("127.0.0.1"), how);
    const auto b = open(ip("127.0.0.1"), how);
    const std::string all = numbered(40, 1200, 700);
    ASSERT_TRUE(a->send(b->socket->local(), all, 1200));
    run_until(*b, [&] { return b->all.size() == 40; });
    std::string got;
    for (const arrived& one : b->all) got += one.bytes;
    EXPECT_EQ(got, all);
    EXPECT_EQ(b->all[3].remote, a->socket->local());
    EXPECT_EQ(b->all[3].local, b->socket->local());
    EXPECT_EQ(b->all[39].bytes.size(), 700U);
    EXPECT_EQ(a->socket->counters().datagrams_out, 40U);
    EXPECT_EQ(b->socket->counters().datagrams_in, 40U);
    EXPECT_LE(a->socket->counters().writes, batches ? 1U : 3U);
  }
}

TEST_F(udp, sends_runs_to_several_peers) {
  const auto a = open(ip("127.0.0.1"));
  const auto b = open(ip("127.0.0.1"));
  const auto c = open(ip("127.0.0.1"));
  std::vector<net::datagram_run> runs;
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i) texts.push_back(numbered(3, 100, 50) + std::to_string(i));
  for (int i = 0; i < 20; ++i) {
    const auto& text = texts[static_cast<std::size_t>(i)];
    runs.push_back({{}, (i % 2 == 0 ? *b : *c).socket->local(), 0, 100, text});
  }
  net::send_place at;
  ASSERT_TRUE(a->socket->send(runs, at));
  EXPECT_EQ(at.runs, 20U);
  run_until(*b, [&] { return b->all.size() == 30; });
  run_until(*c, [&] { return c->all.size() == 30; });
  EXPECT_EQ(b->all[2].bytes, texts[0].substr(200));
  EXPECT_EQ(c->all[29].bytes, texts[19].substr(200));
}

TEST_F(udp, marks_congestion) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    const auto a = open(ip(address));
    if (a == nullptr) continue;  // no IPv6 here
    const auto b = open(ip(address));
    for (std::uint8_t mark = 0; mark < 4; ++mark) a->send(b->socket->local(), std::string(10, 'x'), 5, mark);
    run_until(*b, [&] { return b->all.size() == 8; });
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(b->all[i].ecn, i / 2) << address;
  }
}

TEST_F(udp, tells_and_chooses_the_local_address) {
  const auto server = open(ip("0.0.0.0"));
  const auto client = open(ip("127.0.0.1"));
  const std::uint16_t port = server->socket->local().port();
  client->send(ip("127.0.0.2", port), "to two");
  client->send(ip("127.0.0.3", port), "to three");
  run_until(*server, [&] { return server->all.size() == 2; });
  EXPECT_EQ(server->all[0].local, ip("127.0.0.2", port));
  EXPECT_EQ(server->all[1].local, ip("127.0.0.3", port));
  server->send(client->socket->local(), "from three", 4, 1, server->all[1].local);
  run_until(*client, [&] { return client->all.size() == 3; });
  for (const arrived& one : client->all) EXPECT_EQ(one.remote, ip("127.0.0.3", port));
}

TEST_F(udp, drops_what_is_too_large_and_goes_on) {
  for (const bool batches : {true, false}) {
    net::datagram_options how;
    how.batches = batches;
    const auto a = open(ip("127.0.0.1"), how);
    const auto b = open(ip("127.0.0.1"));
    const std::string large(66'000, 'x');
    const std::array<net::datagram_run, 2> runs{
        {{{}, b->socket->local(), 0, large.size(), large}, {{}, b->socket->local(), 0, 3, "abc"}}};
    net::send_place at;
    EXPECT_TRUE(a->socket->send(runs, at));
    run_until(*b, [&] { return !b->all.empty(); });
    EXPECT_EQ(b->all[0].bytes, "abc");
    EXPECT_EQ(a->socket->counters().dropped, 1U);
  }
}

TEST_F(udp, leaves_out_what_is_longer_than_of_use) {
  net::datagram_options how;
  how.batches = false;
  const auto a = open(ip("127.0.0.1"));
  const auto b = open(ip("127.0.0.1"), how);
  a->send(b->socket->local(), std::string(5000, 'x'));
  a->send(b->socket->local(), "");
  a->send(b->socket->local(), "short");
  run_until(*b, [&] { return !b->all.empty(); });
  EXPECT_EQ(b->all[0].bytes, "short");
  EXPECT_EQ(b->socket->counters().truncated, 1U);
}

TEST_F(udp, has_one_peer_where_it_was_asked_to) {
  const auto server = open(ip("127.0.0.1"));
  const auto other = open(ip("127.0.0.1"));
  net::datagram_options how;
  how.peer = server->socket->local();
  const auto client = open(ip("0.0.0.0"), how);
  EXPECT_EQ(client->socket->local().to_endpoint().host, "127.0.0.1");
  other->send(client->socket->local(), "not from the peer");
  client->send({}, "hello");
  run_until(*server, [&] { return !server->all.empty(); });
  EXPECT_EQ(server->all[0].remote, client->socket->local());
  server->send(client->socket->local(), "answer");
  run_until(*client, [&] { return !client->all.empty(); });
  EXPECT_EQ(client->all[0].bytes, "answer");
  EXPECT_EQ(client->all[0].remote, server->socket->local());
}

TEST_F(udp, hears_that_nobody_listens) {
  auto server = open(ip("127.0.0.1"));
  net::datagram_options how;
  how.peer = server->socket->local();
  const auto client = open(ip("127.0.0.1"), how);
  server.reset();
  client->send({}, "hello?");
  run_until(*client, [&] { return !client->errors.empty(); });
  EXPECT_EQ(client->errors[0], std::errc::connection_refused);
}

TEST_F(udp, shares_a_port_only_where_it_was_asked_to) {
  net::datagram_options alone;
  alone.share = alone.alone = true;
  const auto first = open(ip("127.0.0.1"), alone);
  const net::ip_endpoint at = first->socket->local();
  net::datagram_options share;
  share.share = true;
  EXPECT_NE(open(at, share), nullptr);
  for (const net::datagram_options& how : {net::datagram_options(), alone}) {
    const auto refused = net::open_datagrams(*loop, at, how);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), std::errc::address_in_use);
  }
}

TEST_F(udp, steers_by_connection_id) {
  constexpr std::uint32_t key = 0x9e3779b1;
  constexpr std::size_t sockets = 3;
  net::datagram_options how;
  how.share = true;
  std::vector<std::unique_ptr<datagram_end>> all;
  all.push_back(open(ip("127.0.0.1"), how));
  const net::ip_endpoint at = all[0]->socket->local();
  const std::error_code error = all[0]->socket->steer({key, sockets});
  ASSERT_FALSE(error) << error.message();
  while (all.size() < sockets) all.push_back(open(at, how));
  const auto client = open(ip("127.0.0.1"));
  std::map<std::string, std::size_t> expected;
  const auto byte = [](std::uint32_t n) { return static_cast<char>(n & 0xff); };
  std::uint32_t state = 1;
  for (int i = 0; i < 60; ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    std::string id;
    for (std::uint32_t k = 0; k < 12; ++k) id += byte((state >> (k % 4 * 8)) + k * 31);
    const auto word = static_cast<std::uint32_t>(static_cast<unsigned char>(id[1])) << 24 |
                      static_cast<std::uint32_t>(static_cast<unsigned char>(id[2])) << 16 |
                      static_cast<std::uint32_t>(static_cast<unsigned char>(id[3])) << 8 | static_cast<unsigned char>(id[4]);
    const std::size_t to = (static_cast<unsigned char>(id[0]) ^ ((word * key) >> 24)) % sockets;
    const bool long_header = i % 2 == 0;
    std::string packet = long_header ? std::string("\xc3\0\0\0\1\x0c", 6) : std::string("\x43");
    packet += id + std::to_string(i);
    expected[packet] = to;
    client->send(at, packet);
  }
  // Short ids, and nothing to read an id from: the first.
  for (const std::string& odd : {std::string("\xc0\0\0\0\1\4abcdefgh", 14), std::string("\x40"), std::string("\xff", 1)}) {
    expected[odd] = 0;
    client->send(at, odd);
  }
  for (std::size_t i = 0; i < sockets; ++i) {
    const auto wanted = static_cast<std::size_t>(std::ranges::count_if(expected, [i](const auto& one) { return one.second == i; }));
    ASSERT_GT(wanted, 5U);
    run_until(*all[i], [&] { return all[i]->all.size() >= wanted; });
    for (const arrived& one : all[i]->all) EXPECT_EQ(expected[one.bytes], i);
  }
}

TEST_F(udp, may_be_destroyed_by_its_handler) {
  auto server = open(ip("127.0.0.1"));
  const auto client = open(ip("127.0.0.1"));
  for (int i = 0; i < 40; ++i) client->send(server->socket->local(), "bye");
  server->then = [&] {
    server->socket.reset();
    loop->stop();
  };
  loop->run();
  EXPECT_GE(server->all.size(), 1U);
}

TEST_F(udp, tells_when_it_can_write) {
  const auto one = open(ip("127.0.0.1"));
  one->socket->wait_writable();
  one->socket->wait_writable();
  while (one->writable == 0) {
    loop->post([&] { loop->stop(); });
    loop->run();
  }
  EXPECT_EQ(one->writable, 1);
}

TEST(ip_endpoint, is_an_address_in_the_systems_form) {
  EXPECT_TRUE(net::ip_endpoint().empty());
  EXPECT_TRUE(ip("localhost").empty());
  EXPECT_EQ(ip("192.0.2.1", 443).to_endpoint().to_string(), "192.0.2.1:443");
  EXPECT_EQ(ip("2001:db8::1", 443).to_endpoint().to_string(), "[2001:db8::1]:443");
  EXPECT_NE(ip("127.0.0.1", 1), ip("127.0.0.1", 2));
  net::ip_endpoint one = ip("127.0.0.1", 1);
  one.port(2);
  EXPECT_EQ(one, ip("127.0.0.1", 2));
  EXPECT_EQ(one.port(), 2);
  EXPECT_TRUE(ip("0.0.0.0", 5).any_address());
  EXPECT_TRUE(ip("::", 5).any_address());
  EXPECT_FALSE(ip("::1", 5).any_address());
}

}  // namespace
}  // namespace net_tests
