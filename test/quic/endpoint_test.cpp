#include "quic/memory_net.hpp"
#include "tls/replay_guard.hpp"

namespace parley::quic {
namespace {

const tls::destination destination{"localhost", 4433, {"h3"}};

TEST(QuicEndpoint, RetryUnderLoad) {
  memory_net net;
  net.settings.transport.limits.quic_retry_above = 3;
  net.settings.transport.limits.quic_half_open = 5;
  net.serve();
  // Five clients that send their first datagram and are never heard of again.
  for (int i = 0; i < 5; ++i) net.connect();
  net.speak();
  net.clients.clear();
  net.run(10ms);
  EXPECT_EQ(net.home->half_open(), 3U) << "those above the mark had to come again, and did not";
  EXPECT_EQ(net.home->counters().retries, 2U);
  auto& client = net.connect();
  client.engine.open("hello");
  ASSERT_TRUE(net.run(2s, [&] { return client.engine.all_done(); }));
  EXPECT_EQ(net.home->counters().retries, 3U);
  // The silent ones go when their time is over.
  net.run(20s);
  EXPECT_EQ(net.home->half_open(), 0U);
  EXPECT_EQ(net.servers.size(), 1U);
}

TEST(QuicEndpoint, ADatagramOfNothingIsGarbage) {
  memory_net net;
  net.serve();
  const path from{net.server_address, ipv4("10.0.0.9", 9)};
  EXPECT_EQ(net.home->receive(from, ecn::none, {}, net.now).is, arrival::what::done);
  EXPECT_EQ(net.home->counters().garbage, 1U);
}

TEST(QuicEndpoint, HalfOpenCap) {
  memory_net net;
  net.settings.transport.limits.quic_retry_above = 100;
  net.settings.transport.limits.quic_half_open = 4;
  net.serve();
  for (int i = 0; i < 9; ++i) net.connect();
  net.speak();
  net.clients.clear();
  net.run(10ms);
  EXPECT_EQ(net.home->half_open(), 4U);
  EXPECT_EQ(net.home->counters().over_half_open, 5U);
  EXPECT_EQ(net.home->connections(), 4U);
}

TEST(QuicEndpoint, ARetryTokenIsForOneAddressAndATime) {
  for (const bool moved : {false, true}) {
    memory_net net;
    net.settings.always_retry = true;
    net.serve();
    auto& client = net.connect();
    client.engine.open("hello");
    if (moved) {
      net.run(14ms);  // the Retry came, the second Initial is about to be seen from elsewhere
      net.rebind = [](const address&) { return ipv4("10.0.0.99", 9'999); };
      for (auto& [at, one] : net.air) one.by.remote = ipv4("10.0.0.99", 9'999);
    } else {
      // The second Initial is on its way for longer than a token lives.
      net.run(12ms);
      auto late = std::move(net.air);
      net.air.clear();
      net.now += 11s;
      for (auto& [at, one] : late) net.air.emplace(net.now, std::move(one));
      net.client_transport.limits.handshake_time = 60s;
    }
    net.run(50ms);
    EXPECT_GE(net.home->counters().bad_tokens, 1U) << moved;
    EXPECT_EQ(net.home->counters().accepted, 0U);
    if (!moved) continue;
    EXPECT_TRUE(client.transport->closed());
    EXPECT_EQ(client.engine.ended_by->name, "quic-invalid-token");
  }
}

TEST(QuicEndpoint, ATokenFromBeforeSparesTheRetryAlsoAfterARestart) {
  memory_net net;
  net.settings.always_retry = true;
  net.serve();
  auto& first = net.connect();
  ASSERT_TRUE(net.handshake(first));
  net.run(1s);
  EXPECT_EQ(net.home->counters().retries, 1U);
  auto token = tls::take_token(*net.credentials, destination);
  ASSERT_TRUE(token.has_value());
  // The token is for an address, whatever its port.
  tls::keep_token(*net.credentials, destination, *token);
  net.servers.clear();
  net.clients.clear();
  net.serve();  // another process, with the same keys
  auto& second = net.connect();
  ASSERT_TRUE(net.handshake(second));
  EXPECT_EQ(net.home->counters().retries, 0U);
  EXPECT_EQ(net.home->counters().bad_tokens, 0U);
  // With other keys it is no token; the client comes in all the same.
  tls::keep_token(*net.credentials, destination, *token);
  net.servers.clear();
  net.clients.clear();
  net.settings.keys = endpoint_keys::make(net.random);
  net.serve();
  auto& third = net.connect();
  ASSERT_TRUE(net.handshake(third));
  EXPECT_EQ(net.home->counters().bad_tokens, 1U);
  EXPECT_EQ(net.home->counters().retries, 1U);
}

struct token_net : memory_net {
  token_net() { settings.always_retry = true; }
  /// What a first connection has left.
  std::string token() {
    auto& first = connect();
    EXPECT_TRUE(handshake(first));
    run(1s);
    clients.clear();
    return tls::take_token(*credentials, destination).value_or("");
  }
  /// Whether a client that comes with it is spared the Retry.
  bool spares(const std::string& token) {
    tls::keep_token(*credentials, destination, token);
    const std::uint64_t before = home->counters().retries;
    auto& next = connect();
    EXPECT_TRUE(handshake(next));
    clients.clear();
    return home->counters().retries == before;
  }
};

TEST(QuicEndpoint, AnAddressTokenIsGoodOnce) {
  token_net net;
  net.serve();
  const std::string first = net.token();
  const std::string second = net.token();
  EXPECT_TRUE(net.spares(first));
  EXPECT_FALSE(net.spares(first)) << "who comes with it again is a new client";
  EXPECT_EQ(net.home->counters().bad_tokens, 1U);
  EXPECT_TRUE(net.spares(second));
}

TEST(QuicEndpoint, AnAddressTokenIsGoodOnceInAllLoops) {
  token_net net;
  base::spent_keys tokens(10, 1h);
  net.settings.tokens = &tokens;
  net.serve();
  const std::string token = net.token();
  EXPECT_TRUE(net.spares(token));
  net.servers.clear();
  net.serve();  // as another loop's endpoint
  EXPECT_FALSE(net.spares(token));
}

TEST(QuicEndpoint, AnAddressTokenLivesForAnHour) {
  token_net net;
  net.serve();
  const std::string first = net.token();
  const std::string second = net.token();
  net.servers.clear();
  net.now += 59min;
  EXPECT_TRUE(net.spares(first));
  net.now += 1min;
  EXPECT_FALSE(net.spares(second));
  EXPECT_EQ(net.home->counters().bad_tokens, 1U);
}

TEST(QuicEndpoint, WhereNoMoreTokensAreRememberedNoneIsGood) {
  token_net net;
  net.settings.transport.limits.quic_tokens = 1;
  net.serve();
  const std::string first = net.token();
  const std::string second = net.token();
  EXPECT_TRUE(net.spares(first));
  EXPECT_FALSE(net.spares(second));
  EXPECT_EQ(net.home->counters().over_tokens, 1U);
}

TEST(QuicEndpoint, NoFloodOfOtherKindsTakesRetrysShare) {
  memory_net net;
  net.settings.always_retry = true;
  net.settings.transport.limits.quic_stateless_replies = 10;
  net.serve();
  const path from{net.server_address, ipv4("10.0.0.7", 7)};
  const std::string unknown = std::string(1, '\x41') + pattern(60, 3);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(net.home->receive(from, ecn::none, unknown, net.now).is, arrival::what::done);
  EXPECT_EQ(net.home->counters().stateless_resets, 10U);
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  EXPECT_EQ(net.home->counters().retries, 1U);
  EXPECT_EQ(client.transport->facts().datagrams_out > 0, true);
  EXPECT_EQ(net.home->counters().over_replies, 40U);
}

TEST(QuicEndpoint, ARestartedServerResetsItsOldClients) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  net.run(1s);
  const auto kept = endpoint_keys::from(net.settings.keys.bytes());
  ASSERT_TRUE(kept.has_value());
  // It dies without a word.
  for (auto& s : net.servers) s->transport.reset();
  net.servers.clear();
  net.settings.keys = *kept;
  net.serve();
  client.engine.open("still there?");
  ASSERT_TRUE(net.run(1s, [&] { return client.transport->closed(); }));
  EXPECT_EQ(client.transport->why().by, ending::cause::reset);
  EXPECT_EQ(client.engine.ended_by->name, "stateless-reset");
  EXPECT_EQ(net.home->counters().stateless_resets, 1U);
}

TEST(QuicEndpoint, ResetsAreSmallerThanWhatTheyAnswerAndRateLimited) {
  memory_net net;
  net.settings.transport.limits.quic_stateless_replies = 10;
  net.serve();
  const path from{net.server_address, ipv4("10.0.0.7", 7)};
  std::string shorts = std::string(1, '\x41') + pattern(20, 3);
  EXPECT_EQ(net.home->receive(from, ecn::none, shorts, net.now).is, arrival::what::done);
  EXPECT_EQ(net.home->counters().stateless_resets, 0U) << "too short to be answered by something shorter";
  shorts += pattern(1, 4);
  EXPECT_EQ(net.home->receive(from, ecn::none, shorts, net.now).is, arrival::what::done);
  EXPECT_EQ(net.home->counters().stateless_resets, 1U) << "a client that waits sends no more than a PING";
  batch smallest;
  net.home->send(smallest);
  ASSERT_EQ(smallest.runs().size(), 1U);
  EXPECT_EQ(smallest.runs()[0].segment, 21U);
  shorts += pattern(28, 5);
  for (int i = 0; i < 50; ++i) {
    shorts[1] = static_cast<char>(i);
    EXPECT_EQ(net.home->receive(from, ecn::none, shorts, net.now).is, arrival::what::done);
  }
  EXPECT_EQ(net.home->counters().stateless_resets, 10U);
  EXPECT_EQ(net.home->counters().over_replies, 41U);
  batch out;
  net.home->send(out);
  for (const auto& run : out.runs()) EXPECT_LT(run.segment, shorts.size());
  EXPECT_EQ(net.home->receive(from, ecn::none, shorts, net.now + 1s).is, arrival::what::done);
  EXPECT_EQ(net.home->counters().stateless_resets, 11U) << "and after a while it answers again";
}

TEST(QuicEndpoint, AClosedConnectionAnswersLessAndLess) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  client.engine.open("x");
  net.speak();
  ASSERT_FALSE(net.air.empty());
  const memory_net::flying one = net.air.begin()->second;
  net.clients.clear();
  net.servers.at(0)->transport->close(0x100, "enough", net.now);
  net.run(1ms);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(net.home->receive(one.by, one.mark, one.bytes, net.now).is, arrival::what::done);
  EXPECT_EQ(net.home->counters().closed_again, 7U) << "to the 1st, 2nd, 4th ... 64th";
}

TEST(QuicEndpoint, UnknownVersionsAreToldOurs) {
  memory_net net;
  net.serve();
  const path from{net.server_address, ipv4("10.0.0.7", 7)};
  std::string initial = std::string("\xc0\x0a\x0b\x0c\x0d\x08", 6) + "12345678" + "\x05" + "abcde";
  initial.resize(1'200, '\0');
  EXPECT_EQ(net.home->receive(from, ecn::none, initial, net.now).is, arrival::what::done);
  batch out;
  net.home->send(out);
  ASSERT_EQ(out.runs().size(), 1U);
  const std::string_view answer = out.runs()[0].bytes;
  EXPECT_EQ(answer.substr(1, 4), std::string_view("\0\0\0\0", 4)) << "version 0 (RFC 9000 §17.2.1)";
  EXPECT_EQ(answer.substr(5, 15),
            "\x05"
            "abcde"
            "\x08"
            "12345678");
  EXPECT_NE(answer.find(std::string_view("\0\0\0\1", 4), 20), std::string_view::npos);
  // A smaller one is not answered: it would be made larger (RFC 9000 §6.1).
  initial.resize(1'100);
  EXPECT_EQ(net.home->receive(from, ecn::none, initial, net.now).is, arrival::what::done);
  EXPECT_EQ(net.home->counters().version_negotiations, 1U);
  EXPECT_EQ(net.home->counters().garbage, 1U);
}

TEST(QuicEndpoint, ADrainingServerRefusesNewClientsAndServesTheOthers) {
  memory_net net;
  net.serve();
  auto& old = net.connect();
  ASSERT_TRUE(net.handshake(old));
  net.home->drain();
  auto& fresh = net.connect();
  ASSERT_TRUE(net.run(2s, [&] { return fresh.transport->closed(); }));
  EXPECT_EQ(fresh.engine.ended_by->name, "quic-refused");
  old.engine.open("and I?");
  EXPECT_TRUE(net.run(2s, [&] { return old.engine.all_done(); }));
}

// --- loops -----------------------------------------------------------------------------------------------------------------------

TEST(QuicEndpoint, DatagramsFindTheLoopOfTheirConnection) {
  memory_net net;
  net.settings.loop = 2;
  net.settings.loops = 4;
  net.serve();
  auto& client = net.connect();
  client.engine.open("hello");
  std::vector<std::string> seen;
  ASSERT_TRUE(net.run(2s, [&] {
    for (const auto& [at, one] : net.air) {
      if (one.by.local == net.server_address) seen.push_back(one.bytes);
    }
    return client.engine.all_done();
  }));
  endpoint_settings others = net.settings;
  others.loop = 0;
  endpoint other(others, net.random, net.now);
  std::size_t ours = 0;
  for (const std::string& one : seen) {
    const auto id = destination_of(one);
    ASSERT_TRUE(id.has_value());
    if (id->size() != id_size) continue;  // the client's own choice
    ++ours;
    EXPECT_EQ(net.home->mask().loop_of(one, 4), 2U);
    const arrival a = other.receive(client.by, ecn::none, one, net.now);
    EXPECT_EQ(a.is, arrival::what::elsewhere);
    EXPECT_EQ(a.loop, 2U);
  }
  EXPECT_GE(ours, 2U);
  EXPECT_EQ(other.counters().elsewhere, ours);
}

TEST(QuicEndpoint, MaskedIdsHideTheLoopAndGiveItBack) {
  base::seeded_random random(3);
  const loop_mask mask(0x1234567);
  std::array<unsigned, 256> firsts{};
  for (unsigned loop = 0; loop < most_loops; ++loop) {
    for (int i = 0; i < 8; ++i) {
      const connection_id id = mask.make(loop, random);
      EXPECT_EQ(id.size, id_size);
      EXPECT_EQ(mask.index_in(id.view()), loop);
    }
    ++firsts[static_cast<unsigned char>(mask.make(7, random).bytes[0])];
  }
  EXPECT_LT(*std::ranges::max_element(firsts), 10U) << "one loop's ids begin with all kinds of bytes";
}

// --- paths -----------------------------------------------------------------------------------------------------------------------

TEST(QuicEndpoint, ANatThatForgetsItsPortMidTransfer) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  const std::string text = pattern(3'000'000, 9);
  client.engine.open(text);
  ASSERT_TRUE(net.run(2s, [&] { return client.engine.streams.at(0).in.size() > 500'000; }));
  ASSERT_FALSE(client.engine.all_done());
  auto& server = *net.servers.at(0);
  const path before = server.transport->where();
  net.rebind = [](const address&) { return ipv4("10.0.0.1", 50'000); };
  ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); }));
  EXPECT_TRUE(client.engine.streams.at(0).in == text);
  EXPECT_EQ(before.remote, client.by.local);
  EXPECT_EQ(server.transport->where().remote, ipv4("10.0.0.1", 50'000));
  EXPECT_EQ(server.transport->migrations(), 1U);
}

TEST(QuicEndpoint, AClientThatMovesFinishesItsTransfer) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  const std::string text = pattern(3'000'000, 9);
  client.engine.open(text);
  ASSERT_TRUE(net.run(2s, [&] { return client.engine.streams.at(0).in.size() > 500'000; }));
  ASSERT_FALSE(client.engine.all_done());
  client.by.local = ipv4("192.168.7.7", 1'234);
  ASSERT_TRUE(client.transport->migrate(client.by, net.now));
  ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); }));
  EXPECT_TRUE(client.engine.streams.at(0).in == text);
  EXPECT_EQ(net.servers.at(0)->transport->where().remote, client.by.local);
}

TEST(QuicEndpoint, AForgedSourceAddressGetsLittleAndIsNotShown) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  net.prepare = nullptr;
  ASSERT_TRUE(net.handshake(client));
  net.run(1s);
  auto& server = *net.servers.at(0);
  server.engine.open(pattern(1'000'000, 2), true, true);
  // What the client says now seems to come from a victim, who answers nothing.
  const address victim = ipv4("203.0.113.9", 53);
  net.rebind = [&](const address&) { return victim; };
  client.engine.open("x");
  std::uint64_t to_victim = 0;
  std::uint64_t from_victim = 0;
  client.by.remote = net.server_address;
  const time_point end = net.now + 200ms;
  net.speak();
  for (auto& [at, one] : net.air) {
    if (one.by.remote == victim) from_victim += one.bytes.size();
  }
  net.rebind = nullptr;
  net.run(6ms);
  for (const auto& [at, one] : net.air) {
    if (one.by.local == victim) to_victim += one.bytes.size();
  }
  while (net.now < end) {
    net.run(5ms);
    EXPECT_EQ(server.transport->where().remote, client.by.local) << "not before it was validated";
  }
  EXPECT_GT(from_victim, 0U);
  EXPECT_LE(to_victim, 3 * from_victim) << "RFC 9000 §8.1, §9.3.1";
}

TEST(QuicEndpoint, NoMoreThanThreeTimesWhatAnUnprovenClientSent) {
  memory_net net;
  net.serve();
  net.connect();
  net.speak();
  std::uint64_t in = 0;
  for (const auto& [at, one] : net.air) in += one.bytes.size();
  net.clients.clear();
  std::uint64_t out = 0;
  net.sky.loss = 1000;  // only counted
  const auto before = net.sent;
  net.run(9s);
  batch unused;
  for (const auto& s : net.servers) out += s->transport->facts().datagrams_out * 1'452;
  EXPECT_GE(in, 1'200U);
  EXPECT_GT(net.sent, before);
  EXPECT_LE(out, 3 * in + 2 * 1'452);
}

// --- early data ------------------------------------------------------------------------------------------------------------------

struct early_net : memory_net {
  early_net() {
    guard = std::make_shared<tls::replay_guard>(10);
    server_tls.replays = guard;
    settings.early_data = true;
    prepare = [this](server_side& s) {
      s.engine.on_receive = [this, &s] {
        // The transport is not known yet while the first datagram is being read.
        if (!s.transport || !s.transport->handshake_done()) ++early_receives;
      };
    };
    serve();
    auto& first = connect();
    handshake(first);
    run(1s);
    clients.clear();
    servers.clear();
  }
  std::optional<tls::quic_ticket> ticket() { return tls::take_ticket(*credentials, destination); }
  std::shared_ptr<tls::replay_guard> guard;
  int early_receives = 0;
};

TEST(QuicEndpoint, EarlyDataArrivesWithTheFirstFlight) {
  early_net net;
  auto& client = net.connect(net.ticket(), true);
  client.engine.open("GET / early");
  net.run(6ms);  // one way
  ASSERT_EQ(net.servers.size(), 1U);
  EXPECT_EQ(net.early_receives, 1);
  EXPECT_EQ(net.servers[0]->engine.streams.at(0).in, "GET / early");
  EXPECT_FALSE(net.servers[0]->transport->handshake_done());
  ASSERT_TRUE(net.run(2s, [&] { return client.engine.all_done() && client.transport->handshake_done(); }));
  EXPECT_EQ(client.engine.early_starts, 1);
  EXPECT_EQ(client.engine.starts, 1);
  EXPECT_EQ(client.engine.rejections, 0);
  EXPECT_TRUE(client.transport->tls()->early_data_accepted());
  EXPECT_EQ(net.guard->size(), 1U);
}

TEST(QuicEndpoint, EarlyDataThatIsRefusedIsSentAgain) {
  early_net net;
  net.settings.early_data = false;
  net.serve();
  auto& client = net.connect(net.ticket(), true);
  client.engine.open("GET / early");
  ASSERT_TRUE(net.run(2s, [&] { return client.engine.all_done(); }));
  EXPECT_EQ(client.engine.early_starts, 1);
  EXPECT_EQ(client.engine.rejections, 1);
  EXPECT_EQ(client.engine.starts, 1);
  EXPECT_EQ(net.servers.at(0)->engine.streams.at(0).in, "GET / early");
}

TEST(QuicEndpoint, WhatIsGivenUpBeforeItsStreamIsGrantedIsToldLater) {
  early_net net;
  net.settings.early_data = false;
  net.settings.transport.bidirectional_streams = 2;
  net.serve();
  net.reap = false;
  auto& client = net.connect(net.ticket(), true);
  for (int i = 0; i < 5; ++i) client.engine.open("GET " + std::to_string(i));
  client.engine.streams.at(8).dead = true;
  client.engine.act(engine::transport_action::reset{8, 0x10c});
  client.engine.act(engine::transport_action::stop{8, 0x10c});
  ASSERT_TRUE(net.run(5s, [&] { return client.engine.rejections == 1; }));
  // The engine says it again: so far all is void.
  client.engine.act(engine::transport_action::reset{8, 0x10c});
  client.engine.act(engine::transport_action::stop{8, 0x10c});
  ASSERT_TRUE(net.run(5s, [&] { return client.engine.all_done(); }));
  auto& server = net.servers.back()->engine;
  EXPECT_EQ(server.streams.at(8).reset_code, 0x10cU);
  EXPECT_EQ(server.streams.at(16).in, "GET 4");
  EXPECT_TRUE(client.engine.streams.at(8).closed);
}

TEST(QuicEndpoint, AReplayedFirstFlightBringsNoEarlyDataInAnyLoop) {
  early_net net;
  auto& client = net.connect(net.ticket(), true);
  client.engine.open("GET / early");
  net.speak();
  std::vector<memory_net::flying> flight;
  for (const auto& [at, one] : net.air) flight.push_back(one);
  net.run(6ms);
  ASSERT_EQ(net.early_receives, 1);
  // The same datagrams again, to another loop of the same server.
  endpoint_settings others = net.settings;
  others.credentials = tls::server_credentials::make(net.server_tls).value();
  endpoint other(others, net.random, net.now);
  memory_net::server_side replayed;
  for (const auto& one : flight) {
    const arrival a = other.receive(one.by, one.mark, one.bytes, net.now);
    if (a.is == arrival::what::fresh) replayed.transport = other.accept(replayed.engine, net.now);
    if (a.is == arrival::what::known) a.to->receive(one.by, one.mark, one.bytes, net.now);
  }
  ASSERT_TRUE(replayed.transport);
  EXPECT_TRUE(replayed.engine.streams.empty());
  EXPECT_EQ(net.guard->refused(), 1U);
}

TEST(QuicEndpoint, AFullReplayStoreRefusesEarlyData) {
  early_net net;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(net.guard->add("other " + std::to_string(i), 2'000'000'000, 1'000'000'000));
  EXPECT_FALSE(net.guard->add("other 3", 2'000'000'000, 1'000'000'000)) << "known";
  auto& client = net.connect(net.ticket(), true);
  client.engine.open("GET / early");
  ASSERT_TRUE(net.run(2s, [&] { return client.engine.all_done(); }));
  EXPECT_EQ(client.engine.rejections, 1);
}

TEST(QuicEndpoint, ReplaysAreForgottenWhenTheyHaveExpired) {
  tls::replay_guard guard(4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(guard.add("a" + std::to_string(i), 120, 100));
  EXPECT_FALSE(guard.add("b", 121, 101));
  EXPECT_FALSE(guard.add("b", 140, 121)) << "those that have expired go a generation later";
  EXPECT_TRUE(guard.add("b", 165, 145));
  EXPECT_EQ(guard.size(), 1U);
}

}  // namespace
}  // namespace parley::quic
