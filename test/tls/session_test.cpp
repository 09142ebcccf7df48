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

INSTANTIATE_TEST_SUITE_P(FragmentSizes, SessionTest, testing::Values(1, 7, 100, SIZE_MAX));

}  // namespace
}  // namespace parley::tls
