#include "tls/session.hpp"

#include "tls/pair.hpp"

// Both roles in memory: handshake, content and the end, at any fragment size.

namespace parley::tls {
namespace {

class SessionTest : public testing::TestWithParam<std::size_t> {
 protected:
  test::test_authority authority;
  std::shared_ptr<const server_credentials> server(client_certificates clients = client_certificates::none) {
    server_settings s;
    s.certificates = {authority.server({"a.example", "127.0.0.1"})};
    s.protocols = {"http/1.1", "http/1.0"};
    s.tickets = ticket_key::make();
    s.clients = clients;
    s.client_authorities = authority.pem();
    return must_make(s);
  }
  client_settings trusting() {
    client_settings c;
    c.system_authorities = false;
    c.authorities = {authority.pem()};
    return c;
  }
};

TEST_P(SessionTest, CarriesContentBothWays) {
  session_pair p(server(), must_make(trusting()), {"a.example", 443, {"http/1.1"}}, GetParam());
  EXPECT_TRUE(p.client.has_output()) << "a client begins";
  p.carry();
  ASSERT_TRUE(p.client.open()) << p.client.failure().message;
  ASSERT_TRUE(p.server.open()) << p.server.failure().message;
  EXPECT_EQ(p.client.version(), "TLS 1.3");
  EXPECT_EQ(p.server.cipher(), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(p.server.group(), "X25519");
  EXPECT_EQ(p.client.protocol(), "http/1.1");
  EXPECT_EQ(p.server.protocol(), "http/1.1");
  EXPECT_EQ(p.server.server_name(), "a.example");
  EXPECT_FALSE(p.server.resumed());
  ASSERT_EQ(p.client.peer_certificates().size(), 1U);
  EXPECT_EQ(p.client.peer_certificates()[0].names, (std::vector<std::string>{"a.example", "127.0.0.1"}));

  std::string large(100'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 26);
  EXPECT_TRUE(p.client.send("hello"));
  EXPECT_TRUE(p.server.send(large));
  p.carry();
  EXPECT_EQ(p.to_server.arrived, "hello");
  EXPECT_EQ(p.to_client.arrived, large);

  p.client.send_close();
  p.carry();
  EXPECT_TRUE(p.server.peer_closed());
  EXPECT_TRUE(p.server.send("still heard"));
  p.server.send_close();
  p.carry();
  EXPECT_TRUE(p.client.peer_closed());
  EXPECT_TRUE(p.to_client.arrived.ends_with("still heard"));
  p.client.receive_eof();
  EXPECT_FALSE(p.client.failed()) << "the peer had said goodbye";
}

// A message of 16 MiB, which GnuTLS would gather.
TEST_P(SessionTest, TakesNoMoreThanTwiceItsLargestMessageWithoutContent) {
  for (const auto& [clients, most] :
       {std::pair(client_certificates::none, 64 * 1024), std::pair(client_certificates::asked, 192 * 1024)}) {
    session one(server(clients));
    std::string wire;
    for (int i = 0; i < 20; ++i) {
      const std::string content = i == 0 ? std::string("\x01\xff\xff\xff", 4) + std::string(15'996, 'x') : std::string(16'000, 'x');
      wire += std::string("\x16\x03\x01\x3e\x80", 5) + content;
    }
    std::size_t used = 0;
    while (used < wire.size() && !one.failed()) used += one.receive(std::string_view(wire).substr(used, GetParam()), {}).used;
    EXPECT_EQ(one.failure().code, errc::flood) << one.failure().message;
    if (GetParam() < 1000) {
      EXPECT_LT(used, static_cast<std::size_t>(most) + 1000);
    }
    EXPECT_TRUE(one.has_output()) << "its alert";
  }
}

INSTANTIATE_TEST_SUITE_P(FragmentSizes, SessionTest, testing::Values(1, 7, 100, SIZE_MAX));

}  // namespace
}  // namespace parley::tls
