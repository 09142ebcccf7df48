#include "tls/pair.hpp"
#include "tls/resumption_cache.hpp"

// Sessions that go on: tickets at both ends, in TLS 1.2 and 1.3.

namespace parley::tls {
namespace {

class TlsResumption : public testing::TestWithParam<bool> {
 protected:
  server_settings serving() {
    server_settings s;
    s.certificates = {authority.server({"a.example"})};
    s.tickets = tickets;
    s.tls1_3 = !GetParam();
    return s;
  }
  std::shared_ptr<const client_credentials> trusting() {
    client_settings c;
    c.system_authorities = false;
    c.authorities = {authority.pem()};
    return must_make(c);
  }
  /// One connection with an answer; whether it resumed, as both ends say.
  static bool visit(const std::shared_ptr<const server_credentials>& server,
                    const std::shared_ptr<const client_credentials>& client, const destination& to = {"a.example", 443, {}}) {
    session_pair p(server, client, to);
    p.carry();
    EXPECT_TRUE(p.client.open()) << p.client.failure().message;
    EXPECT_EQ(p.client.version(), GetParam() ? "TLS 1.2" : "TLS 1.3");
    p.server.send("answer");
    p.carry();
    EXPECT_EQ(p.to_client.arrived, "answer");
    EXPECT_EQ(p.client.resumed(), p.server.resumed());
    return p.client.resumed();
  }

  test::test_authority authority;
  std::shared_ptr<const ticket_key> tickets = ticket_key::make();
};

TEST_P(TlsResumption, goes_on_again_and_again) {
  const auto server = must_make(serving());
  const auto client = trusting();
  EXPECT_FALSE(visit(server, client));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(visit(server, client)) << i;
  EXPECT_EQ(client->kept_sessions(), 1U);
}

TEST_P(TlsResumption, belongs_to_one_place_and_one_client) {
  const auto server = must_make(serving());
  const auto client = trusting();
  EXPECT_FALSE(visit(server, client));
  EXPECT_FALSE(visit(server, client, {"a.example", 444, {}}));
  EXPECT_FALSE(visit(server, client, {"a.example", 443, {"http/1.1"}}));
  EXPECT_FALSE(visit(server, trusting()));
}

TEST_P(TlsResumption, outlives_a_reload_with_the_same_key_only) {
  const auto client = trusting();
  EXPECT_FALSE(visit(must_make(serving()), client));
  EXPECT_TRUE(visit(must_make(serving()), client)) << "another certificate, the same ticket key";
  tickets = ticket_key::make();
  EXPECT_FALSE(visit(must_make(serving()), client));
  tickets = nullptr;
  EXPECT_FALSE(visit(must_make(serving()), client));
  EXPECT_FALSE(visit(must_make(serving()), client));
}

TEST_P(TlsResumption, is_not_done_where_it_is_not_wanted) {
  client_settings c;
  c.system_authorities = false;
  c.authorities = {authority.pem()};
  c.resume = false;
  const auto client = must_make(c);
  const auto server = must_make(serving());
  EXPECT_FALSE(visit(server, client));
  EXPECT_FALSE(visit(server, client));
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsResumption, testing::Bool(), [](const auto& at) { return at.param ? "v12" : "v13"; });

TEST(TlsResumptionCache, is_bounded_and_gives_the_newest_once) {
  resumption_cache cache;
  for (int i = 0; i < 6; ++i) cache.keep("a", std::to_string(i));
  EXPECT_EQ(cache.size(), resumption_cache::most_of_a_key);
  EXPECT_EQ(cache.take("a"), "5");
  EXPECT_EQ(cache.take("a"), "4");
  EXPECT_EQ(cache.take("b"), std::nullopt);
  for (int i = 0; i < 1000; ++i) cache.keep("key " + std::to_string(i), "session");
  EXPECT_EQ(cache.size(), resumption_cache::most_sessions);
  EXPECT_EQ(cache.take("key 0"), std::nullopt) << "the oldest went first";
  for (int i = 0; i < 100; ++i) cache.keep("large " + std::to_string(i), std::string(100'000, 'x'));
  EXPECT_LE(cache.size() * 100'000, resumption_cache::most_bytes);
  cache.keep("huge", std::string(resumption_cache::most_bytes, 'x'));
  EXPECT_EQ(cache.take("huge"), std::nullopt);
}

}  // namespace
}  // namespace parley::tls
