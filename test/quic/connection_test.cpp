#include "quic/memory_net.hpp"

namespace parley::quic {
namespace {

TEST(QuicConnection, HandshakeAndStreamsBothWays) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  std::vector<std::string> sent;
  for (unsigned i = 0; i < 20; ++i) {
    sent.push_back(pattern(1 + i * 3'000, i));
    client.engine.open(sent.back());
  }
  ASSERT_TRUE(net.run(10s, [&] { return client.engine.all_done(); }));
  EXPECT_TRUE(client.transport->handshake_done());
  EXPECT_EQ(client.engine.starts, 1);
  for (unsigned i = 0; i < 20; ++i) EXPECT_EQ(client.engine.streams.at(i * 4UL).in, sent[i]);
  ASSERT_EQ(net.servers.size(), 1U);
  EXPECT_TRUE(net.servers[0]->transport->handshake_done());
  EXPECT_EQ(client.transport->tls()->protocol(), "h3");
  EXPECT_EQ(client.transport->tls()->version(), "TLS 1.3");
  EXPECT_EQ(net.servers[0]->transport->tls()->server_name(), "localhost");
  EXPECT_EQ(net.home->half_open(), 0U);
  // All that was acknowledged was let go, and closed streams are told.
  net.run(1s);
  EXPECT_EQ(client.engine.kept_bytes(), 0U);
  EXPECT_EQ(net.servers[0]->engine.kept_bytes(), 0U);
  for (const auto& [id, s] : client.engine.streams) EXPECT_TRUE(s.closed) << id;
}

TEST(QuicConnection, StreamsOfOneDirectionAndMoreThanAllowedAtOnce) {
  memory_net net;
  net.settings.transport.bidirectional_streams = 3;
  net.serve();
  auto& client = net.connect();
  for (unsigned i = 0; i < 12; ++i) client.engine.open("request " + std::to_string(i));
  client.engine.open("settings", false, true);
  ASSERT_TRUE(net.run(10s, [&] {
    for (unsigned i = 0; i < 12; ++i) {
      if (!client.engine.streams.at(i * 4UL).in_fin) return false;
    }
    return true;
  }));
  EXPECT_EQ(client.engine.streams.at(44).in, "request 11");
  net.run(1s);
  EXPECT_GE(client.engine.bidi_limit, 12U);
  EXPECT_EQ(net.servers[0]->engine.streams.at(2).in, "settings");
  net.servers[0]->engine.open("pushed", true, true);
  net.run(1s);
  EXPECT_EQ(client.engine.streams.at(3).in, "pushed");
}

// The answer and an acknowledgement; leave for further streams is given in steps.
TEST(QuicConnection, AnAnswerIsTwoDatagramsAtMost) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  client.engine.open("first");
  net.run(10s);
  const connection& server = *net.servers.at(0)->transport;
  for (unsigned i = 1; i <= 5; ++i) {
    const auto before = server.facts().datagrams_out;
    client.engine.open("request");
    net.run(2s);
    ASSERT_EQ(client.engine.streams.at(i * 4UL).in, "request");
    EXPECT_LE(server.facts().datagrams_out, before + 2) << i;
  }
}

// A probe for larger datagrams is a full packet; it is worth while once there is much to send.
TEST(QuicConnection, SmallTalkProbesForNothing) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  for (unsigned i = 0; i < 5; ++i) {
    client.engine.open("request");
    net.run(2s);
  }
  const connection& server = *net.servers.at(0)->transport;
  EXPECT_EQ(server.facts().payload_size, 1'200U);
  EXPECT_EQ(client.transport->facts().payload_size, 1'200U);
  EXPECT_LE(server.facts().datagrams_out, 15U);
  client.engine.open(pattern(20'000, 1));
  net.run(2s);
  EXPECT_GE(server.facts().payload_size, 1'452U);
  EXPECT_GE(client.transport->facts().payload_size, 1'452U);
}

TEST(QuicConnection, StreamsNeverRunOut) {
  for (const std::uint64_t streams : {1U, 2U, 7U, 8U, 16U, 17U, 100U}) {
    memory_net net;
    net.settings.transport.bidirectional_streams = streams;
    net.serve();
    auto& client = net.connect();
    constexpr unsigned wanted = 350;
    for (unsigned i = 0; i < wanted; ++i) client.engine.open("r" + std::to_string(i));
    ASSERT_TRUE(net.run(60s, [&] { return client.engine.all_done(); })) << streams;
    EXPECT_EQ(client.engine.streams.at((wanted - 1) * 4UL).in, "r" + std::to_string(wanted - 1));
    net.run(1s);
    // And all but an eighth may be open at the same time.
    EXPECT_GE(client.engine.bidi_limit, wanted + streams - streams / 8);
  }
}

TEST(QuicConnection, CreditIsTheReadersToGive) {
  memory_net net;
  net.prepare = [](memory_net::server_side& s) {
    s.engine.gives_credit = false;
    s.engine.echoes = false;
  };
  net.settings.transport.limits.receive_window = 20'000;
  net.serve();
  auto& client = net.connect();
  client.engine.open(pattern(100'000, 7));
  net.run(2s);
  auto& server = *net.servers.at(0);
  EXPECT_EQ(server.engine.streams.at(0).in.size(), 20'000U);
  EXPECT_TRUE(client.engine.streams.at(0).is_blocked);
  server.engine.gives_credit = true;
  server.engine.act(engine::transport_action::credit{0, 20'000});
  ASSERT_TRUE(net.run(5s, [&] { return server.engine.streams.at(0).in_fin; }));
  EXPECT_EQ(server.engine.streams.at(0).in, pattern(100'000, 7));
}

TEST(QuicConnection, TheConnectionsWindowHoldsManyStreamsBack) {
  memory_net net;
  net.prepare = [](memory_net::server_side& s) {
    s.engine.gives_credit = false;
    s.engine.echoes = false;
  };
  net.settings.transport.limits.connection_receive_window = 64 * 1024;
  net.serve();
  auto& client = net.connect();
  for (int i = 0; i < 4; ++i) client.engine.open(pattern(40'000, 7));
  net.run(2s);
  auto& server = *net.servers.at(0);
  std::size_t got = 0;
  for (const auto& [id, s] : server.engine.streams) got += s.in.size();
  EXPECT_EQ(got, 64U * 1024);
  server.engine.gives_credit = true;
  for (const auto& [id, s] : server.engine.streams) server.engine.act(engine::transport_action::credit{id, s.in.size()});
  ASSERT_TRUE(net.run(5s, [&] { return server.engine.streams.size() == 4 && server.engine.all_done(); }));
}

TEST(QuicConnection, ResetAndStopReachTheOtherEngine) {
  memory_net net;
  net.prepare = [](memory_net::server_side& s) { s.engine.echoes = false; };
  net.serve();
  auto& client = net.connect();
  client.engine.open("half of it", false);
  client.engine.open("whole", true);
  net.run(200ms);
  auto& server = *net.servers.at(0);
  client.engine.act(engine::transport_action::reset{0, 0x10c});
  client.engine.act(engine::transport_action::stop{0, 0x10c});
  client.engine.act(engine::transport_action::stop{4, 0x10c});
  net.run(200ms);
  EXPECT_EQ(server.engine.streams.at(0).reset_code, 0x10cU);
  // The server had nothing to write: it is told all the same, when the stream is done.
  EXPECT_EQ(server.engine.streams.at(4).stop_code, 0x10cU);
  EXPECT_TRUE(server.engine.streams.at(4).closed);
  EXPECT_TRUE(client.engine.streams.at(4).closed);
}

TEST(QuicConnection, WhoWritesToAStoppedStreamIsTold) {
  memory_net net;
  net.settings.transport.limits.receive_window = 10'000;
  net.client_transport.limits.receive_window = 10'000;
  net.serve();
  auto& client = net.connect();
  client.engine.gives_credit = false;
  client.engine.open(pattern(50'000, 1), true);
  net.run(500ms);
  auto& server = *net.servers.at(0);
  ASSERT_TRUE(server.engine.streams.at(0).is_blocked);
  client.engine.act(engine::transport_action::stop{0, 0x10c});
  net.run(100ms);
  server.engine.streams.at(0).is_blocked = false;
  net.run(100ms);
  EXPECT_TRUE(server.engine.streams.at(0).stop_code.has_value());
}

TEST(QuicConnection, Datagrams) {
  memory_net net;
  net.settings.transport.datagrams = net.client_transport.datagrams = 1200;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  client.engine.act(engine::transport_action::datagram{"one"});
  client.engine.act(engine::transport_action::datagram{std::string(5'000, 'x')});  // no packet holds it
  client.engine.act(engine::transport_action::datagram{"two"});
  client.engine.open("beside a stream");
  ASSERT_TRUE(net.run(1s, [&] { return client.engine.all_done(); }));
  EXPECT_EQ(net.servers.at(0)->engine.datagrams, (std::vector<std::string>{"one", "two"}));
}

TEST(QuicConnection, TheApplicationClosesAndThePeerSeesWhy) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  stream_peer& engine = net.servers.at(0)->engine;
  engine.act(engine::transport_action::close{0x100, "enough"});
  net.reap = false;
  net.run(100ms);
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().by, ending::cause::peer);
  EXPECT_TRUE(client.transport->why().application);
  EXPECT_EQ(client.transport->why().code, 0x100U);
  EXPECT_EQ(client.transport->why().reason, "enough");
  ASSERT_TRUE(client.engine.ended_by.has_value());
  EXPECT_EQ(client.engine.ended_by->name, "closed-by-peer");
  EXPECT_TRUE(net.servers.at(0)->transport->closed());
  EXPECT_EQ(engine.ended_by->name, "closed");
}

TEST(QuicConnection, AClosedConnectionAnswersForAWhileAndIsForgotten) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  net.servers.at(0)->transport->close(0x100, "enough", net.now);
  net.sky.loss = 1000;  // the client never hears it
  net.run(1ms);
  ASSERT_TRUE(net.servers.empty()) << "its owner may let it go at once";
  EXPECT_EQ(net.home->connections(), 0U);
  net.sky.loss = 0;
  client.engine.open("is anybody there?");
  net.run(50ms);
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().code, 0x100U);
  EXPECT_GE(net.home->counters().closed_again, 1U);
  net.run(10s);
  EXPECT_FALSE(net.home->deadline().has_value()) << "nothing of it is left";
}

TEST(QuicConnection, IdleTimeEndsItInSilence) {
  memory_net net;
  net.settings.transport.idle_time = 3s;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  net.run(1s);
  const auto before = net.sent;
  net.run(20s);
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().by, ending::cause::idle);
  EXPECT_EQ(client.engine.ended_by->name, "idle-timeout");
  EXPECT_TRUE(net.servers.empty());
  EXPECT_LE(net.sent - before, 4U) << "MTU probes at most";
}

TEST(QuicConnection, KeepAliveHoldsIt) {
  memory_net net;
  net.settings.transport.idle_time = 3s;
  net.client_transport.keep_alive = 1s;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  net.run(20s);
  EXPECT_FALSE(client.transport->ending());
  EXPECT_EQ(net.servers.size(), 1U);
}

TEST(QuicConnection, ItIsHeldWhileAnswersAreExpected) {
  for (const auto theirs : {3'000ms, 1ms}) {  // the shorter of both ends counts, but no less than three probe timeouts
    memory_net net;
    net.settings.transport.idle_time = theirs;
    net.serve();
    auto& client = net.connect();
    client.transport->expect_answers(true);
    ASSERT_TRUE(net.handshake(client));
    client.transport->expect_answers(true);
    net.run(500ms);
    client.transport->expect_answers(true);
    const auto before = net.sent;
    net.run(20s);
    EXPECT_FALSE(client.transport->ending()) << theirs.count();
    EXPECT_EQ(net.servers.size(), 1U);
    EXPECT_LE(net.sent - before, 2 * 20s / 10ms) << "no PING without end where a server names next to no time";
    client.transport->expect_answers(false);
    net.run(10s);
    EXPECT_TRUE(client.transport->closed());
    EXPECT_EQ(client.transport->why().by, ending::cause::idle);
  }
}

TEST(QuicConnection, AServerThatNeverAnswers) {
  memory_net net;  // and none begins
  auto& client = net.connect();
  net.run(30s);
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().by, ending::cause::handshake);
  EXPECT_EQ(client.engine.ended_by->limit, "handshake_time");
  EXPECT_EQ(client.engine.starts, 0);
}

TEST(QuicConnection, ACertificateThatDoesNotHoldIsToldInWords) {
  memory_net net;
  net.server_tls.certificates = {net.authority->server({"other.example"})};
  net.serve();
  auto& client = net.connect();
  net.run(2s);
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().by, ending::cause::us);
  EXPECT_NE(client.transport->why().reason.find("other.example"), std::string::npos) << client.transport->why().reason;
  EXPECT_EQ(client.engine.ended_by->name, "quic-tls");
  EXPECT_TRUE(net.servers.empty());
}

TEST(QuicConnection, NoProtocolInCommon) {
  memory_net net;
  net.settings.protocols = {"other"};
  net.serve();
  auto& client = net.connect();
  net.run(2s);
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().by, ending::cause::peer);
  EXPECT_EQ(client.transport->why().code, 0x100U + 120) << "no_application_protocol (RFC 9001 §8.1)";
  EXPECT_EQ(client.engine.ended_by->name, "quic-tls");
}

TEST(QuicConnection, ClientCertificates) {
  for (const bool has_one : {true, false}) {
    memory_net net;
    net.server_tls.clients = tls::client_certificates::required;
    net.server_tls.client_authorities = net.authority->pem();
    net.serve();
    tls::client_settings c;
    c.system_authorities = false;
    c.authorities.push_back(net.authority->pem());
    if (has_one) c.certificates.push_back(net.authority->client("ada"));
    net.credentials = tls::client_credentials::make(c).value();
    auto& client = net.connect();
    client.engine.open("hello");
    net.run(2s);
    EXPECT_EQ(client.transport->closed(), !has_one);
    if (!has_one) continue;
    EXPECT_EQ(client.engine.streams.at(0).in, "hello");
    ASSERT_EQ(net.servers.size(), 1U);
    EXPECT_EQ(net.servers[0]->transport->tls()->peer_certificates().at(0).subject, "CN=ada");
  }
}

TEST(QuicConnection, ResumptionIsKeptByTheCredentials) {
  memory_net net;
  net.serve();
  auto& first = net.connect();
  first.transport->remember("settings of HTTP/3");
  ASSERT_TRUE(net.handshake(first));
  net.run(1s);
  auto ticket = tls::take_ticket(*net.credentials, {"localhost", 4433, {"h3"}});
  ASSERT_TRUE(ticket.has_value());
  EXPECT_EQ(ticket->application, "settings of HTTP/3");
  EXPECT_FALSE(ticket->transport.empty());
  auto& second = net.connect(std::move(ticket));
  second.engine.open("again");
  ASSERT_TRUE(net.run(5s, [&] { return second.engine.all_done(); }));
  EXPECT_TRUE(second.transport->tls()->resumed());
  EXPECT_FALSE(first.transport->tls()->resumed());
}

TEST(QuicConnection, KeysAreUpdatedOnTheWay) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  net.run(1s);
  for (int i = 0; i < 3; ++i) {
    client.engine.open(pattern(50'000, 5));
    ASSERT_TRUE(net.run(5s, [&] { return client.engine.all_done(); }));
    ASSERT_TRUE(client.transport->update_keys(net.now)) << i;
    EXPECT_FALSE(client.transport->update_keys(net.now)) << "one at a time";
    client.engine.open(pattern(50'000, 5));
    ASSERT_TRUE(net.run(5s, [&] { return client.engine.all_done(); }));
    net.run(2s);
  }
  EXPECT_EQ(client.engine.streams.at(20).in, pattern(50'000, 5));
}

struct seen_by : engine::observer {
  void observe(const engine::observation& seen) noexcept override {
    EXPECT_EQ(seen.connection, 7U);
    if (const auto* h = std::get_if<engine::observed_handshake>(&seen.what)) {
      told.push_back(h->done ? "handshake " + std::string(h->error.empty() ? h->protocol : h->error) : "begins");
    } else if (const auto* c = std::get_if<engine::observed_close>(&seen.what)) {
      told.push_back("close " + std::string(c->reason));
    } else if (const auto* e = std::get_if<engine::observed_error>(&seen.what)) {
      told.push_back("error " + std::string(e->error.name));
    }
  }
  std::vector<std::string> told;
};

TEST(QuicConnection, WhatAnObserverSees) {
  memory_net net;
  net.settings.transport.idle_time = 2s;
  net.serve();
  seen_by sees;
  auto& client = net.connect();
  client.transport->observe(&sees, 7);
  ASSERT_TRUE(net.handshake(client));
  net.run(5s);
  EXPECT_EQ(sees.told, (std::vector<std::string>{"begins", "handshake h3", "error idle-timeout", "close idle-timeout"}));

  sees.told.clear();
  net.settings.protocols = {"other"};
  net.serve();
  auto& refused = net.connect();
  refused.transport->observe(&sees, 7);
  net.run(1s);
  ASSERT_EQ(sees.told.size(), 4U);
  EXPECT_EQ(sees.told[1], "handshake the TLS handshake failed");
  EXPECT_EQ(sees.told[2], "error quic-tls");
}

}  // namespace
}  // namespace parley::quic
