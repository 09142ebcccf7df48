#include "tls/pair.hpp"

// Whom a client and a server believe, and what they say when they do not.

namespace parley::tls {
namespace {

class TlsVerification : public testing::Test {
 protected:
  static server_settings serving(certificate_source source) {
    server_settings s;
    s.certificates = {std::move(source)};
    s.tickets = ticket_key::make();
    return s;
  }
  client_settings trusting() const {
    client_settings c;
    c.system_authorities = false;
    c.authorities = {authority.pem()};
    return c;
  }
  /// What a client that wants `host` says to this certificate, and the server to that.
  struct result {
    error client;
    error server;
  };
  result shake(const server_settings& server, const client_settings& client, const std::string& host = "a.example") {
    session_pair p(must_make(server), must_make(client), {host, 443, {}});
    p.carry();
    if (p.client.open()) p.client.send("x");
    p.carry();
    return {p.client.failure(), p.server.failure()};
  }

  test::test_authority authority;
};

TEST_F(TlsVerification, names_and_addresses) {
  const auto server = serving(authority.server({"a.example", "*.b.example", "127.0.0.1", "::1"}));
  struct {
    const char* host;
    errc expected;
  } const cases[] = {
      {"a.example", errc::none},
      {"A.Example", errc::none},
      {"x.b.example", errc::none},
      {"127.0.0.1", errc::none},
      {"::1", errc::none},
      {"b.example", errc::wrong_name},
      {"c.example", errc::wrong_name},
      {"x.y.b.example", errc::wrong_name},
      {"127.0.0.2", errc::wrong_name},
      {"::2", errc::wrong_name},
  };
  for (const auto& c : cases) EXPECT_EQ(shake(server, trusting(), c.host).client.code, c.expected) << c.host;
  const auto wrong = shake(server, trusting(), "c.example");
  EXPECT_NE(wrong.client.message.find("c.example"), std::string::npos) << wrong.client.message;
  EXPECT_NE(wrong.client.message.find("*.b.example"), std::string::npos) << wrong.client.message;
  EXPECT_EQ(wrong.server.code, errc::refused_by_peer);
}

// RFC 9525 §2: a Common Name is no name of a server.
TEST_F(TlsVerification, a_common_name_is_not_enough) {
  test::certificate_wish wish;
  wish.common_name = "a.example";
  EXPECT_EQ(shake(serving(authority.issue(wish)), trusting()).client.code, errc::wrong_name);
}

TEST_F(TlsVerification, times) {
  test::certificate_wish wish;
  wish.names = {"a.example"};
  wish.from = std::chrono::hours(-48);
  wish.until = std::chrono::hours(-24);
  const auto expired = shake(serving(authority.issue(wish)), trusting());
  EXPECT_EQ(expired.client.code, errc::expired) << expired.client.message;
  EXPECT_NE(expired.client.message.find("expired on 20"), std::string::npos) << expired.client.message;
  wish.from = std::chrono::hours(24);
  wish.until = std::chrono::hours(48);
  const auto early = shake(serving(authority.issue(wish)), trusting());
  EXPECT_EQ(early.client.code, errc::not_yet_valid) << early.client.message;
}

TEST_F(TlsVerification, authorities) {
  const test::test_authority other("Some other authority");
  const auto unknown = shake(serving(other.server({"a.example"})), trusting());
  EXPECT_EQ(unknown.client.code, errc::unknown_authority) << unknown.client.message;
  EXPECT_NE(unknown.client.message.find("Some other authority"), std::string::npos) << unknown.client.message;
  const auto own = shake(serving(test::self_signed({"a.example"})), trusting());
  EXPECT_EQ(own.client.code, errc::self_signed) << own.client.message;
  client_settings both = trusting();
  both.authorities.push_back(other.pem());
  EXPECT_FALSE(shake(serving(other.server({"a.example"})), both).client);
}

TEST_F(TlsVerification, the_system_does_not_know_our_authority) {
  client_settings c;
  EXPECT_EQ(shake(serving(authority.server({"a.example"})), c).client.code, errc::unknown_authority);
}

TEST_F(TlsVerification, purposes) {
  test::certificate_wish wish;
  wish.names = {"a.example"};
  wish.for_clients = true;
  const auto wrong = shake(serving(authority.issue(wish)), trusting());
  EXPECT_EQ(wrong.client.code, errc::wrong_purpose) << wrong.client.message;
}

TEST_F(TlsVerification, insecure_takes_anything) {
  client_settings c;
  c.verify = false;
  EXPECT_FALSE(shake(serving(test::self_signed({"x.example"})), c).client);
}

TEST_F(TlsVerification, clients) {
  server_settings server = serving(authority.server({"a.example"}));
  server.clients = client_certificates::required;
  server.client_authorities = authority.pem();
  const auto none = shake(server, trusting());
  EXPECT_EQ(none.server.code, errc::no_certificate) << none.server.message;
  EXPECT_EQ(none.client.code, errc::refused_by_peer) << none.client.message;
  client_settings known = trusting();
  known.certificates = {authority.client("ada")};
  EXPECT_FALSE(shake(server, known).server);
  const test::test_authority other("Other");
  client_settings stranger = trusting();
  stranger.certificates = {other.client("eve")};
  EXPECT_EQ(shake(server, stranger).server.code, errc::unknown_authority);
  client_settings confused = trusting();
  confused.certificates = {authority.server({"a.example"})};
  EXPECT_EQ(shake(server, confused).server.code, errc::wrong_purpose);
  server.clients = client_certificates::asked;
  EXPECT_FALSE(shake(server, trusting()).server);
  EXPECT_EQ(shake(server, stranger).server.code, errc::unknown_authority);
}

TEST_F(TlsVerification, what_is_loaded_must_fit) {
  const auto a = authority.server({"a.example"});
  const auto b = authority.server({"b.example"});
  struct {
    certificate_source source;
    errc expected;
  } const cases[] = {
      {{a.certificates, b.key, "a.pem"}, errc::mismatch},
      {{"hello", a.key, "a.pem"}, errc::not_pem},
      {{a.certificates, "hello", "a.pem"}, errc::not_pem},
      {{a.certificates, a.certificates, "a.pem"}, errc::not_pem},
      {{"", "", "a.pem"}, errc::not_pem},
  };
  for (const auto& c : cases) {
    const auto made = server_credentials::make(serving(c.source));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, c.expected) << made.error().message;
    EXPECT_NE(made.error().message.find("a.pem"), std::string::npos) << made.error().message;
  }
  const auto no_key = server_credentials::make(serving({a.certificates, a.certificates, "a.pem"}));
  EXPECT_EQ(no_key.error().message, "no private key is in a.pem; it may be in a file of its own");
  const auto beside = server_credentials::make(serving({a.certificates, a.certificates, "a.pem", "a.key"}));
  EXPECT_EQ(beside.error().message, "no private key is in a.key; it may be in a file of its own");
  const auto missing = read_certificate("/nowhere/cert.pem", "/nowhere/key.pem");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, errc::unreadable);
  EXPECT_NE(missing.error().message.find("/nowhere/cert.pem"), std::string::npos);
  client_settings c;
  c.authorities = {"nonsense"};
  EXPECT_EQ(client_credentials::make(c).error().code, errc::not_pem);
}

}  // namespace
}  // namespace parley::tls
