// One HTTP/2 connection for several https origins (RFC 9113 §9.1.1), and what ALPN settles.
#include "connection/tls_stream.hpp"
#include "frame_peer.hpp"
#include "support/certificates.hpp"
#include "support/scratch_folder.hpp"

#include <cstdlib>
#include <fstream>

namespace {

using namespace client_tests;
using parley::response;
namespace tls = parley::tls;
using parley::connection::tls_stream;

/// Answers each request on its stream with the authority it was asked for, in HTTP/2 or HTTP/1.1 as ALPN settles.
class names_server final : private parley::net::accept_handler {
 public:
  struct end {
    std::unique_ptr<tls_stream> waiting;
    std::unique_ptr<peer> talk;
    std::unique_ptr<frame_peer> frames;
    std::string server_name;
    std::size_t answered = 0;
  };

  names_server(parley::net::memory_loop& on, const std::string& address, tls::server_settings how) : loop_(on) {
    auto made = tls::server_credentials::make(how);
    if (!made) throw std::runtime_error(made.error().message);
    credentials_ = *made;
    listener_ = parley::net::listen(on, {address, 443, false}).value();
    listener_->start(this);
  }

  std::vector<std::unique_ptr<end>> ends;
  /// 421 for the next so many requests that are not their connection's first.
  int misdirect = 0;

 private:
  void on_accept(std::unique_ptr<parley::net::byte_stream> stream) override {
    ends.push_back(std::make_unique<end>());
    end& e = *ends.back();
    e.waiting = std::make_unique<tls_stream>(loop_, std::move(stream), credentials_);
    e.waiting->handshake({.linger = 0ms}, [this, &e](const tls::error& why) {
      if (why) return;
      e.server_name = e.waiting->session().server_name();
      const bool http2 = e.waiting->session().protocol() == "h2";
      e.talk = std::make_unique<peer>(std::move(e.waiting));
      if (!http2) {
        e.talk->on_news = [](peer& p) {
          if (p.received.ends_with("\r\n\r\n")) p.send(ok_hello);
        };
        return;
      }
      e.frames = std::make_unique<frame_peer>(*e.talk);
      e.frames->begin();
      e.talk->on_news = [this, &e](peer&) { answer_new(e); };
    });
  }
  void answer_new(end& e) {
    e.frames->acknowledge();
    const auto requests = e.frames->requests();
    for (; e.answered < requests.size(); ++e.answered) {
      const std::uint32_t id = requests[e.answered];
      if (e.answered > 0 && misdirect > 0) {
        --misdirect;
        // :status 421, as a literal value of the indexed name.
        e.frames->send(frame::headers, end_headers | end_stream, id, std::string("\x08\x03", 2) + "421");
      } else {
        e.frames->answer(id, e.server_name);
      }
    }
  }
  void on_accept_error(std::error_code) override {}

  parley::net::memory_loop& loop_;
  std::shared_ptr<const tls::server_credentials> credentials_;
  std::unique_ptr<parley::net::listener> listener_;
};

class Coalescing : public testing::Test {
 protected:
  parley::test::scratch_folder scratch;
  parley::test::test_authority authority;
  world w;

  void SetUp() override {
    ::setenv("XDG_DATA_HOME", (scratch / "data").c_str(), 1);
    w.loop.add_name("shop.example", {"10.0.0.2"});
    w.loop.add_name("img.example", {"10.0.0.9", "10.0.0.2"});
    w.loop.add_name("other.example", {"10.0.0.2"});
    w.loop.add_name("far.example", {"10.0.0.3"});
    std::ofstream(scratch / "authority.pem", std::ios::binary) << authority.pem();
    w.http.trust(scratch / "authority.pem");
  }
  tls::server_settings names(std::vector<std::string> protocols = {"h2", "http/1.1"}) const {
    tls::server_settings how;
    how.certificates = {authority.server({"shop.example", "img.example", "far.example"}), authority.server({"other.example"})};
    how.protocols = std::move(protocols);
    return how;
  }
  std::string get(const std::string& url, parley::options how = {}) {
    auto got = w.run(w.http.get(url, how));
    return got->succeeded() ? std::string(got->value().content()) : got->error();
  }
};

TEST_F(Coalescing, ANameOfTheSameCertificateAndAddressSharesTheConnection) {
  names_server server(w.loop, "10.0.0.2", names());
  EXPECT_EQ(get("https://shop.example/"), "shop.example");
  EXPECT_EQ(get("https://img.example/"), "shop.example") << "answered on the first one's connection";
  EXPECT_EQ(get("https://img.example/again"), "shop.example");
  EXPECT_EQ(server.ends.size(), 1u);
}

TEST_F(Coalescing, AnotherCertificateAnotherAddressAndAnUnverifiedOneDoNot) {
  names_server server(w.loop, "10.0.0.2", names());
  names_server far(w.loop, "10.0.0.3", names());
  EXPECT_EQ(get("https://shop.example/"), "shop.example");
  EXPECT_EQ(get("https://other.example/"), "other.example");
  EXPECT_EQ(get("https://far.example/"), "far.example");
  EXPECT_EQ(server.ends.size(), 2u);
  EXPECT_EQ(far.ends.size(), 1u);
  EXPECT_EQ(get("https://img.example/", parley::options().insecure()), "img.example");
  EXPECT_EQ(server.ends.size(), 3u);
  EXPECT_EQ(get("https://shop.example/", parley::options().insecure()), "shop.example") << "what was not verified proves nothing";
  EXPECT_EQ(server.ends.size(), 4u);
}

TEST_F(Coalescing, A421IsAskedOnceMoreOnAConnectionOfItsOwn) {
  names_server server(w.loop, "10.0.0.2", names());
  EXPECT_EQ(get("https://shop.example/"), "shop.example");
  server.misdirect = 1;
  auto posting = w.run(w.http.post("https://img.example/", "content", "text/plain"));
  ASSERT_TRUE(posting->succeeded()) << posting->error();
  EXPECT_EQ(posting->value().content(), "img.example");
  EXPECT_EQ(server.ends.size(), 2u);
  EXPECT_EQ(get("https://img.example/"), "img.example");
  EXPECT_EQ(get("https://shop.example/"), "shop.example");
  EXPECT_EQ(server.ends.size(), 2u);
  // One that comes on a connection of its own is the answer.
  server.misdirect = 1;
  auto got = w.run(w.http.get("https://shop.example/"));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().status(), 421);
}

TEST_F(Coalescing, TheConnectionGoesWhenItsLastRequestDoes) {
  names_server server(w.loop, "10.0.0.2", names());
  w.http.keep_alive(8, 5s);
  EXPECT_EQ(get("https://shop.example/"), "shop.example");
  EXPECT_EQ(get("https://img.example/"), "shop.example");
  w.loop.run_for(6s);
  EXPECT_TRUE(server.ends.at(0)->talk->ended);
  EXPECT_EQ(get("https://img.example/"), "img.example");
  EXPECT_EQ(server.ends.size(), 2u);
}

TEST_F(Coalescing, RequestsThatComeTogetherShareWhatAlpnSettles) {
  names_server server(w.loop, "10.0.0.2", names());
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 20; ++i) work.push_back(w.start(w.http.get("https://shop.example/" + std::to_string(i))));
  w.settle();
  for (auto& each : work) EXPECT_TRUE(each->succeeded()) << each->error();
  EXPECT_EQ(server.ends.size(), 1u);
}

TEST_F(Coalescing, WhereItIsHttp1EachGetsItsOwn) {
  names_server server(w.loop, "10.0.0.2", names({"http/1.1"}));
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 5; ++i) work.push_back(w.start(w.http.get("https://shop.example/" + std::to_string(i))));
  w.settle();
  for (auto& each : work) EXPECT_TRUE(each->succeeded()) << each->error();
  EXPECT_EQ(server.ends.size(), 5u);
}

TEST_F(Coalescing, AServerThatCannotBeReachedFailsAllWhoWaitForIt) {
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 5; ++i) work.push_back(w.start(w.http.get("https://shop.example/" + std::to_string(i))));
  w.settle();
  for (auto& each : work) EXPECT_EQ(each->kind(), parley::fetch_error::kind::connect) << each->error();
}

TEST_F(Coalescing, HttpTwoAndNothingElse) {
  names_server server(w.loop, "10.0.0.2", names({"http/1.1"}));
  auto refused = w.run(w.http.get("https://shop.example/", parley::options().version(parley::http2)));
  EXPECT_EQ(refused->kind(), parley::fetch_error::kind::not_supported);
  EXPECT_NE(refused->error().find("does not speak HTTP/2 here"), std::string::npos) << refused->error();
  auto older = w.run(w.http.get("https://shop.example/", parley::options().version(parley::http1_1)));
  EXPECT_TRUE(older->succeeded()) << older->error();
  names_server newer(w.loop, "10.0.0.3", names());
  auto exactly = w.run(w.http.get("https://far.example/", parley::options().version(parley::http1_1)));
  ASSERT_TRUE(exactly->succeeded()) << exactly->error();
  EXPECT_EQ(exactly->value().version(), parley::http1_1);
}

}  // namespace
