// A proxy with HTTP/3: tunnels, and whom it is announced to.
#include "connection/tls_stream.hpp"
#include "http3/http3_site.hpp"
#include "memory_hosts.hpp"
#include "net/talk.hpp"

#include <gtest/gtest.h>

namespace proxy_tests {
namespace {

TEST(proxy_http3, tunnels_with_half_closes_and_resets) {
  if (!parley::connection::has_http3()) GTEST_SKIP() << "this build has no QUIC";
  http3_tests::site site;
  install(site.core, usual());
  site.start();
  site.loop->add_name("host.example", {public_ip});
  memory_host host(*site.loop, public_ip, 443);
  http3_tests::client peer(site);
  peer.connect();
  auto* const x = peer.ask({.method = "CONNECT", .path = "host.example:443", .scheme = "https"});
  ASSERT_NE(x, nullptr);
  peer.run_until([&] { return host.connected() && x->answer.status != 0; });
  ASSERT_EQ(x->answer.status, 200);
  peer.made->send(*x, {parley::engine::chunk::owned{std::string("question")}});
  peer.run_until([&] { return host.received.size() == 8; });
  host.send("early ");
  site.loop->run_for(20s);
  static_cast<void>(peer.made->end(*x));
  peer.run_until([&] { return host.ended; });
  EXPECT_EQ(host.received, "question");
  EXPECT_FALSE(x->finished) << "the other direction goes on";
  host.send("answer");
  host.end();
  peer.run_until([&] { return x->finished; });
  EXPECT_EQ(x->answer.content, "early answer");
  EXPECT_TRUE(x->answer.whole);
  EXPECT_FALSE(host.failed);

  auto* const y = peer.ask({.method = "CONNECT", .path = "host.example:443", .scheme = "https"});
  ASSERT_NE(y, nullptr);
  peer.run_until([&] { return host.connections == 2 && y->answer.status != 0; });
  host.abort();
  peer.run_until([&] { return y->finished; });
  ASSERT_TRUE(y->answer.lost);
  EXPECT_EQ(y->answer.lost->code, 0x10fU) << "RFC 9114 4.4: H3_CONNECT_ERROR";
  EXPECT_EQ(peer.exchange({.method = "CONNECT", .path = "elsewhere.example:443", .scheme = "https"}).status, 403);
  EXPECT_EQ(counted(site.core, "proxy_tunnels"), 2U);
}

// RFC 7838 3: where this server has HTTP/3 is said of its own pages, and of nobody else's.
TEST(proxy_http3, is_not_announced_for_others) {
  if (!parley::connection::has_http3()) GTEST_SKIP() << "this build has no QUIC";
  http3_tests::site site;
  install(site.core, usual());
  site.start();
  const std::string all = " HTTP/1.1\r\nHost: a.example\r\n\r\n";
  const struct {
    std::string head;
    std::string_view status;
    bool announced;
  } rows[] = {{"GET /" + all, "HTTP/1.1 404 ", true},
              {"GET https://a.example/" + all, "HTTP/1.1 400 ", true},
              {"GET http://elsewhere.example/" + all, "HTTP/1.1 403 ", false},
              {"CONNECT elsewhere.example:443" + all, "HTTP/1.1 403 ", false}};
  for (const auto& row : rows) {
    auto made = std::make_unique<parley::connection::tls_stream>(*site.loop, connect_in_memory(*site.loop, 443), site.trusting(),
                                                                 parley::tls::destination{"a.example", 443, {"http/1.1"}});
    auto* const tls = made.get();
    net_tests::end_of_talk peer;
    peer.take(std::move(made));
    bool done = false;
    tls->handshake({}, [&](const parley::tls::error& e) { done = !e; });
    while (!done && site.loop->run_one_turn()) {
    }
    ASSERT_TRUE(done);
    static_cast<void>(peer.write(row.head));
    peer.read();
    site.loop->run_for(1s);
    EXPECT_TRUE(peer.received.starts_with(row.status)) << row.head << peer.received;
    EXPECT_EQ(peer.received.find("\r\nAlt-Svc: ") != std::string::npos, row.announced) << row.head << peer.received;
  }
}

}  // namespace
}  // namespace proxy_tests
