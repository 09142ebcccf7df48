// Bad networks, on virtual time: every transfer completes and is exact.
#include "quic/memory_net.hpp"

#include <ostream>

namespace parley::quic {
namespace {

struct bad_sky {
  const char* name;
  weather sky;
  congestion algorithm = congestion::cubic;
  friend std::ostream& operator<<(std::ostream& to, const bad_sky& s) { return to << s.name; }
};

class QuicWeather : public testing::TestWithParam<bad_sky> {};

TEST_P(QuicWeather, TransfersAreWholeAndExact) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    memory_net net(seed);
    net.sky = GetParam().sky;
    for (transport_settings* t : {&net.settings.transport, &net.client_transport}) {
      t->limits.handshake_time = 5min;
      t->idle_time = 10min;
      t->algorithm = GetParam().algorithm;
    }
    net.serve();
    auto& client = net.connect();
    std::vector<std::string> sent;
    for (unsigned i = 0; i < 8; ++i) {
      sent.push_back(pattern(i % 2 == 0 ? 100 : 60'000, seed * 100 + i));
      client.engine.open(sent.back());
    }
    ASSERT_TRUE(net.run(60min, [&] { return client.engine.all_done(); }))
        << "seed " << seed << ", " << net.sent << " sent, " << net.lost << " lost, closed " << client.transport->closed();
    for (unsigned i = 0; i < sent.size(); ++i) EXPECT_TRUE(client.engine.streams.at(i * 4UL).in == sent[i]) << seed << ' ' << i;
    EXPECT_FALSE(client.transport->ending());
  }
}

INSTANTIATE_TEST_SUITE_P(Skies, QuicWeather,
                         testing::Values(bad_sky{"clear", {}}, bad_sky{"loss_1", {.loss = 10}}, bad_sky{"loss_5", {.loss = 50}},
                                         bad_sky{"loss_10", {.loss = 100}}, bad_sky{"loss_20", {.loss = 200}},
                                         bad_sky{"loss_30", {.loss = 300}}, bad_sky{"reordered", {.late = 300}},
                                         bad_sky{"repeated", {.twice = 500}}, bad_sky{"corrupted", {.broken = 100}},
                                         bad_sky{"all", {.loss = 50, .late = 100, .twice = 100, .broken = 50}},
                                         bad_sky{"far", {.delay = 300ms, .loss = 20}},
                                         bad_sky{"small_mtu", {.loss = 10, .mtu = 1'280}},
                                         bad_sky{"bbr", {.loss = 20}, congestion::bbr}),
                         [](const auto& of) { return std::string(of.param.name); });

TEST(QuicWeather, ThePathsMtuIsFound) {
  memory_net net;
  net.sky.mtu = 1'410;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  EXPECT_EQ(client.transport->facts().payload_size, 1'200U);
  client.engine.open(pattern(2'000'000, 4));
  ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); }));
  net.run(5s);
  EXPECT_GT(client.transport->facts().payload_size, 1'200U);
  EXPECT_LE(client.transport->facts().payload_size, 1'410U);
}

// A server gives jumbo frames where they arrive, and asks for none.
TEST(QuicWeather, JumboFramesAreFound) {
  memory_net net;
  net.sky.mtu = 9'000 - 28;
  net.serve();
  auto& client = net.connect();
  client.engine.open(pattern(3'000, 4));
  ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); }));
  net.run(5s);
  EXPECT_EQ(net.servers.at(0)->transport->facts().payload_size, batch::largest_datagram);
  EXPECT_EQ(client.transport->facts().payload_size, 1'452U);
}

TEST(QuicWeather, AnMtuThatShrinksMidTransfer) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  const std::string text = pattern(4'000'000, 4);
  client.engine.open(text);
  ASSERT_TRUE(net.run(5s, [&] { return client.engine.streams.at(0).in.size() > 2'000'000; }));
  ASSERT_FALSE(client.engine.all_done());
  ASSERT_GT(client.transport->facts().payload_size, 1'300U);
  net.sky.mtu = 1'250;
  ASSERT_TRUE(net.run(10min, [&] { return client.engine.all_done(); }));
  EXPECT_TRUE(client.engine.streams.at(0).in == text);
}

TEST(QuicWeather, MarksOfCongestionSlowASenderWithoutALoss) {
  std::array<std::uint64_t, 2> windows{};
  for (const unsigned congested : {0U, 100U}) {
    memory_net net;
    net.sky.congested = congested;
    net.sky.mtu = 65'000;  // a probe for jumbo frames counts as lost too
    net.serve();
    auto& client = net.connect();
    client.engine.open(pattern(1'000'000, 4));
    ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); }));
    EXPECT_EQ(net.lost, 0U);
    windows[congested == 0 ? 0 : 1] = client.transport->facts().congestion_window;
  }
  EXPECT_LT(windows[1] * 4, windows[0]);
}

TEST(QuicWeather, SendingIsPaced) {
  memory_net net;
  net.sky.delay = 100ms;
  net.serve();
  auto& client = net.connect();
  client.engine.open(pattern(3'000'000, 4));
  ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); }));
  EXPECT_GT(net.sent, 4'000U);
  EXPECT_LE(net.most_at_once, 64U);
}

TEST(QuicWeather, ManyDatagramsLeaveAsOneRun) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  client.engine.open(pattern(5'000'000, 4));
  ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); }));
  EXPECT_LT(net.runs * 4, net.sent) << "runs " << net.runs << " datagrams " << net.sent;
}

}  // namespace
}  // namespace parley::quic
