// https in memory: whom a client believes, what it resumes, and how it tells what went wrong.
#include "connection/tls_stream.hpp"
#include "scripted_peer.hpp"
#include "support/certificates.hpp"
#include "support/scratch_folder.hpp"
#include "tls/local_ca.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

namespace {

using namespace client_tests;
using parley::fetch_error;
namespace tls = parley::tls;
using parley::connection::tls_stream;

/// As scripted_server, behind TLS; connections become peers once their handshake is done.
class secure_server final : private parley::net::accept_handler {
 public:
  struct end {
    std::unique_ptr<peer> talk;
    tls_stream* stream = nullptr;               // while the handshake is under way, or owned by `talk`
    parley::net::byte_stream* below = nullptr;  // owned by it
    std::unique_ptr<tls_stream> waiting;
    tls::error failed;
  };

  secure_server(parley::net::memory_loop& on, tls::server_settings how) : loop_(on), how_(std::move(how)) {
    if (how_.protocols.empty()) how_.protocols = {"http/1.1", "http/1.0"};
    how_.tickets = tls::ticket_key::make();
    use(how_);
    listener_ = parley::net::listen(on, {"10.0.0.2", 443, false}).value();
    listener_->start(this);
  }
  void use(const tls::server_settings& how) {
    auto made = tls::server_credentials::make(how);
    if (!made) throw std::runtime_error(made.error().message);
    credentials_ = *made;
  }

  std::vector<std::unique_ptr<end>> ends;
  std::string answer = ok_hello;
  /// Behind the answer: keep, end in order, or cut the connection below TLS.
  enum class after { keep, end, cut } then = after::keep;

  [[nodiscard]] const tls::session& session(std::size_t i) const { return ends.at(i)->stream->session(); }
  [[nodiscard]] const std::string& received(std::size_t i) const { return ends.at(i)->talk->received; }

 private:
  void on_accept(std::unique_ptr<parley::net::byte_stream> stream) override {
    ends.push_back(std::make_unique<end>());
    end& e = *ends.back();
    e.below = stream.get();
    e.waiting = std::make_unique<tls_stream>(loop_, std::move(stream), credentials_);
    e.stream = e.waiting.get();
    e.stream->handshake({.linger = 0ms}, [this, &e](const tls::error& why) {
      e.failed = why;
      if (why) return e.stream->close();
      e.talk = std::make_unique<peer>(std::move(e.waiting));
      e.talk->on_news = [this, &e, answered = std::size_t{0}](peer& from) mutable {
        const std::size_t end_of_head = from.received.find("\r\n\r\n", answered);
        if (end_of_head == std::string::npos) return;
        answered = end_of_head + 4;
        from.send(answer);
        if (then == after::end) from.end();
        if (then == after::cut) e.below->shutdown_write();
      };
    });
  }
  void on_accept_error(std::error_code) override {}

  parley::net::memory_loop& loop_;
  tls::server_settings how_;
  std::shared_ptr<const tls::server_credentials> credentials_;
  std::unique_ptr<parley::net::listener> listener_;
};

class Https : public testing::Test {
 protected:
  // The world comes last: its streams refer to what is above.
  parley::test::scratch_folder scratch;
  parley::test::test_authority authority;
  world w;

  void SetUp() override {
    ::setenv("XDG_DATA_HOME", (scratch / "data").c_str(), 1);
    w.loop.add_name("shop.example", {"10.0.0.2"});
    w.loop.add_name("other.example", {"10.0.0.2"});
  }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(scratch / name, std::ios::binary) << text;
    return scratch / name;
  }
  std::string authority_file() const { return file("authority.pem", authority.pem()); }
  tls::server_settings shop() const {
    tls::server_settings how;
    how.certificates = {authority.server({"shop.example", "10.0.0.2"})};
    return how;
  }
  auto get(const std::string& url, parley::options how = {}) { return w.run(w.http.get(url, how)); }
};

TEST_F(Https, FetchesAndKeepsTheConnection) {
  secure_server server(w.loop, shop());
  w.http.trust(authority_file());
  for (int i = 0; i < 2; ++i) {
    auto got = get("https://shop.example/a");
    ASSERT_TRUE(got->succeeded()) << got->error();
    EXPECT_EQ(got->value().content(), "hello");
  }
  ASSERT_EQ(server.ends.size(), 1U);
  EXPECT_TRUE(server.received(0).starts_with("GET /a HTTP/1.1\r\nHost: shop.example\r\n")) << server.received(0);
  EXPECT_EQ(server.session(0).server_name(), "shop.example");
  EXPECT_EQ(server.session(0).protocol(), "http/1.1");
  EXPECT_EQ(server.session(0).version(), "TLS 1.3");
}

TEST_F(Https, ADotAtTheNamesEndIsNotTheCertificates) {
  secure_server server(w.loop, shop());
  w.loop.add_name("shop.example.", {"10.0.0.2"});
  w.http.trust(authority_file());
  auto got = get("https://shop.example./");
  EXPECT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(server.session(0).server_name(), "shop.example");
}

TEST_F(Https, AnAddressIsNamedInNoHandshake) {
  secure_server server(w.loop, shop());
  w.http.trust(authority_file());
  auto got = get("https://10.0.0.2/");
  EXPECT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(server.session(0).server_name(), "");
}

TEST_F(Https, OlderVersionsOfHttp) {
  secure_server server(w.loop, shop());
  server.then = secure_server::after::end;
  w.http.trust(authority_file());
  auto got = get("https://shop.example/", parley::options().version(parley::http1_0));
  EXPECT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(server.session(0).protocol(), "http/1.1") << "the server's favourite of those that were offered";
  auto refused = get("https://shop.example/", parley::options().version(parley::http0_9));
  EXPECT_EQ(refused->kind(), fetch_error::kind::not_supported);
  EXPECT_EQ(refused->error(), "HTTP/0.9 is spoken in cleartext only; use a later version for https");
}

TEST_F(Https, ASecondConnectionResumesTheFirstOnesSession) {
  secure_server server(w.loop, shop());
  server.then = secure_server::after::end;
  server.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
  w.http.trust(authority_file());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(get("https://shop.example/")->succeeded());
  ASSERT_EQ(server.ends.size(), 3U);
  EXPECT_FALSE(server.session(0).resumed());
  EXPECT_TRUE(server.session(1).resumed());
  EXPECT_TRUE(server.session(2).resumed());

  ASSERT_TRUE(get("https://10.0.0.2/")->succeeded());
  EXPECT_FALSE(server.session(3).resumed()) << "another host is another server";
  ASSERT_TRUE(get("https://shop.example/", parley::options().insecure())->succeeded());
  EXPECT_FALSE(server.session(4).resumed()) << "what was verified is not mixed with what was not";
  ASSERT_TRUE(get("https://shop.example/", parley::options().insecure())->succeeded());
  EXPECT_TRUE(server.session(5).resumed());
  w.http.trust(authority_file());
  ASSERT_TRUE(get("https://shop.example/")->succeeded());
  EXPECT_FALSE(server.session(6).resumed()) << "other settings, other sessions";
}

TEST_F(Https, WhatIsNotVerifiedHasConnectionsOfItsOwn) {
  secure_server server(w.loop, shop());
  ASSERT_TRUE(get("https://shop.example/", parley::options().insecure())->succeeded());
  EXPECT_EQ(get("https://shop.example/")->kind(), fetch_error::kind::certificate);
  EXPECT_EQ(server.ends.size(), 2U);
  ASSERT_TRUE(get("https://shop.example/", parley::options().insecure())->succeeded());
  EXPECT_EQ(server.ends.size(), 2U) << "the first one is still there";
}

TEST_F(Https, CertificatesThatAreNotBelieved) {
  const auto issued = [&](std::vector<std::string> names, std::chrono::hours from, std::chrono::hours until) {
    parley::test::certificate_wish wish;
    wish.names = std::move(names);
    wish.from = from;
    wish.until = until;
    return authority.issue(wish);
  };
  struct row {
    tls::certificate_source certificate;
    std::string says;
  };
  const row table[] = {
      {authority.server({"other.example"}),
       "the certificate of shop.example is for other.example: this is another server, or the URL has another name for it"},
      {issued({"shop.example"}, -48h, -24h), "the certificate of shop.example expired on "},
      {issued({"shop.example"}, 24h, 48h), "the certificate of shop.example is valid from "},
      {parley::test::self_signed({"shop.example"}), "the certificate of shop.example is self-signed: "},
      {parley::test::test_authority("Stranger").server({"shop.example"}),
       "the certificate of shop.example was issued by \"CN=Stranger"},
  };
  secure_server server(w.loop, shop());
  w.http.trust(authority_file());
  for (const row& each : table) {
    tls::server_settings how;
    how.certificates = {each.certificate};
    server.use(how);
    auto got = get("https://shop.example/");
    EXPECT_EQ(got->kind(), fetch_error::kind::certificate);
    EXPECT_TRUE(got->error().starts_with("cannot trust shop.example port 443: " + each.says)) << got->error();
    EXPECT_TRUE(server.ends.back()->failed || server.ends.back()->talk->received.empty()) << "nothing was sent";
    EXPECT_TRUE(get("https://shop.example/", parley::options().insecure())->succeeded());
    w.http.trust(authority_file());  // closes what is idle
  }
}

TEST_F(Https, ALocalAuthorityIsTrustedByItself) {
  const auto now = std::chrono::system_clock::now();
  const auto local = tls::local_ca::open(scratch / "data/parley", now).value();
  tls::server_settings how;
  how.certificates = {local.issue({"shop.test", "10.0.0.2"}, now).value()};
  secure_server server(w.loop, how);
  auto got = get("https://10.0.0.2/");
  EXPECT_TRUE(got->succeeded()) << got->error();
}

TEST_F(Https, ADamagedLocalAuthorityIsTold) {
  const auto now = std::chrono::system_clock::now();
  const std::string path = tls::local_ca::open(scratch / "data/parley", now).value().path();
  ::chmod(path.c_str(), 0666);
  secure_server server(w.loop, shop());
  auto got = get("https://10.0.0.2/");
  EXPECT_EQ(got->kind(), fetch_error::kind::certificate);
  EXPECT_NE(got->error().find("; also, the local certificate authority cannot be used: " + path + " can be changed by other users"),
            std::string::npos)
      << got->error();
  w.http.trust(authority_file());
  EXPECT_TRUE(get("https://10.0.0.2/")->succeeded()) << "and it is in nobody's way";
}

TEST_F(Https, AClientsCertificate) {
  auto how = shop();
  how.clients = tls::client_certificates::required;
  how.client_authorities = authority.pem();
  secure_server server(w.loop, how);
  w.http.trust(authority_file());
  auto refused = get("https://shop.example/");
  EXPECT_EQ(refused->kind(), fetch_error::kind::tls) << refused->error();
  EXPECT_EQ(refused->error(),
            "the TLS connection to shop.example port 443 broke: the peer does not accept our certificate, or wants one "
            "(a certificate of the client's own may help)");
  const auto own = authority.client("ada");
  w.http.certificate(file("own.pem", own.certificates + own.key), scratch / "own.pem");
  auto got = get("https://shop.example/");
  ASSERT_TRUE(got->succeeded()) << got->error();
  ASSERT_EQ(server.session(1).peer_certificates().size(), 1U);
  EXPECT_NE(server.session(1).peer_certificates()[0].subject.find("CN=ada"), std::string::npos);
}

TEST_F(Https, FilesThatCannotBeUsed) {
  const auto why = [](auto&& use) -> std::string {
    try {
      use();
      return "nothing";
    } catch (const fetch_error& error) {
      EXPECT_EQ(error.why(), fetch_error::kind::credentials);
      return error.what();
    }
  };
  const auto one = authority.client("ada");
  const auto two = authority.client("bob");
  EXPECT_EQ(why([&] { w.http.trust(scratch / "none.pem"); }),
            "cannot read the authorities' certificates " + (scratch / "none.pem") + ": No such file or directory");
  EXPECT_EQ(why([&] { w.http.trust(file("text", "hello")); }), scratch / "text" + " holds no certificate in PEM");
  EXPECT_NE(why([&] { w.http.certificate(file("one", one.certificates), file("two", two.key)); }).find("is another one's"),
            std::string::npos);
  EXPECT_NE(why([&] { w.http.certificate(scratch / "text", scratch / "two"); }).find("is no PEM text"), std::string::npos);
  secure_server server(w.loop, shop());
  w.http.trust(authority_file());
  EXPECT_TRUE(get("https://shop.example/")->succeeded()) << "what was refused left nothing behind";
}

// RFC 9112 §9.8: without a length, only close_notify says that the content is whole.
TEST_F(Https, AnEndWithoutFarewell) {
  secure_server server(w.loop, shop());
  w.http.trust(authority_file());
  server.answer = "HTTP/1.1 200 OK\r\n\r\nhello";
  server.then = secure_server::after::end;
  auto whole = get("https://shop.example/");
  ASSERT_TRUE(whole->succeeded()) << whole->error();
  EXPECT_EQ(whole->value().content(), "hello");

  server.then = secure_server::after::cut;
  auto cut = get("https://shop.example/");
  EXPECT_EQ(cut->kind(), fetch_error::kind::connection_lost);
  EXPECT_EQ(cut->error(),
            "the TLS connection to shop.example port 443 ended without its farewell (close_notify) after 5 bytes of "
            "content, before the end: the rest may have been cut off");

  server.answer = "HTTP/1.1 200 OK\r\nContent-Le";
  EXPECT_EQ(get("https://shop.example/")->error(),
            "the TLS connection to shop.example port 443 ended without its farewell (close_notify) before the answer was there");

  server.answer = ok_hello;
  auto counted = get("https://shop.example/");
  EXPECT_TRUE(counted->succeeded()) << "its length says that it is whole: " << counted->error();
}

TEST_F(Https, AServerThatSpeaksPlainHttp) {
  scripted_server plain(w.loop, "10.0.0.2", 443);
  for (const char* text : {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "<!DOCTYPE HTML>"}) {
    plain.on_connection = [text](peer& p, std::size_t) { p.on_news = [text](peer& from) { from.send(text); }; };
    auto got = get("https://shop.example/");
    EXPECT_EQ(got->kind(), fetch_error::kind::tls);
    EXPECT_EQ(got->error(),
              "no TLS with shop.example port 443: the server answered without TLS, so this is no https port: use http://");
  }
  plain.on_connection = [](peer& p, std::size_t) { p.close(); };
  auto closed = get("https://shop.example/");
  EXPECT_EQ(closed->kind(), fetch_error::kind::tls);
  EXPECT_TRUE(closed->error().starts_with("no TLS with shop.example port 443: ")) << closed->error();
  EXPECT_NE(closed->error().find("(is it an https port?)"), std::string::npos) << closed->error();
}

TEST_F(Https, AServerThatSaysNothing) {
  scripted_server silent(w.loop, "10.0.0.2", 443);
  auto got = get("https://shop.example/", parley::options().connect_timeout(3s));
  EXPECT_EQ(got->kind(), fetch_error::kind::timeout);
  EXPECT_EQ(got->error(),
            "gave up after 3 s while shaking hands (TLS) with shop.example port 443 (a longer connect_timeout may help)");
  auto cancelled = w.start(w.http.get("https://shop.example/"));
  w.loop.run_for(1s);
  cancelled->chain.cancel();
  w.settle();
  EXPECT_EQ(cancelled->error(), "cancelled");
}

TEST_F(Https, SharesNothingWithHttpOnTheSamePort) {
  secure_server server(w.loop, shop());
  w.http.trust(authority_file());
  ASSERT_TRUE(get("https://shop.example/")->succeeded());
  auto plain = get("http://shop.example:443/");
  ASSERT_EQ(server.ends.size(), 2U);
  EXPECT_TRUE(server.ends[1]->stream->cleartext());
}

}  // namespace
