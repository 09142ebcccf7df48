// HTTP/2 over TLS: settled by ALPN, and what is said to those that speak something else than they settled.
#include "secure_peer.hpp"
#include "support/engine_peer.hpp"

#include "connection/make_engine.hpp"

namespace parley::testing {
namespace {

using namespace std::chrono_literals;
using server_room::count;

const limits https_client_caps;

TEST(https_http2, alpn_prefers_it) {
  struct row {
    std::vector<std::string> offered;
    bool allowed;
    std::string settled;
  };
  for (const row& r :
       {row{{"h2", "http/1.1"}, true, "h2"}, row{{"http/1.1", "h2"}, true, "h2"}, row{{"http/1.1"}, true, "http/1.1"},
        row{{"http/1.0"}, true, "http/1.0"}, row{{"h2", "http/1.1"}, false, "http/1.1"}}) {
    secure_server server;
    server.core.http2 = r.allowed;
    server.core.https.http2(r.allowed);
    server.start();
    secure_peer client(server, r.offered);
    ASSERT_FALSE(*client.result) << client.result->message;
    EXPECT_EQ(client.tls->session().protocol(), r.settled);
  }
}

TEST(https_http2, a_server_without_it_refuses_who_wants_it_alone) {
  secure_server server;
  server.core.http2 = false;
  server.core.https.http2(false);
  server.start();
  secure_peer client(server, std::vector<std::string>{"h2"});
  EXPECT_TRUE(*client.result) << "RFC 7301 §3.2: no_application_protocol";
}

TEST(https_http2, requests_and_pushes_are_secure) {
  secure_server server;
  server.core.routes.add("GET /page",
                         [](const request& req) {
                           EXPECT_TRUE(req.secure());
                           EXPECT_EQ(req.scheme(), "https");
                           EXPECT_TRUE(req.tls());
                           req.hint("/style.css", as::style);
                           return text("page");
                         },
                         {});
  std::string style_scheme;
  server.core.routes.add("GET /style.css",
                         [&](const request& req) {
                           style_scheme = req.scheme();
                           EXPECT_TRUE(req.tls());
                           return text("style");
                         },
                         {});
  server.start();
  secure_peer client(server, std::vector<std::string>{"h2"});
  ASSERT_FALSE(*client.result) << client.result->message;
  engine_peer peer(*server.loop, std::move(client.talk.stream),
                   connection::make_http2_engine(engine::role::client, https_client_caps, {.push = true, .secure = true, .seed = 3},
                                                 server.loop->now()));
  const answered& a = peer.exchange({.path = "/page", .scheme = "https"});
  EXPECT_EQ(a.content, "page");
  server.loop->run_for(1s);
  ASSERT_EQ(peer.promises.size(), 1U);
  EXPECT_EQ(peer.promises.front().head.scheme(), "https");
  EXPECT_EQ(peer.answers[peer.promises.front().id].content, "style");
  EXPECT_EQ(style_scheme, "https");
  EXPECT_EQ(server.worker->counted().value(count::connections_http2), 1U);
}

TEST(https_http2, without_alpn_its_preface_is_told_why) {
  secure_server server;
  server.start();
  secure_peer client(server);  // http/1.1
  ASSERT_FALSE(*client.result) << client.result->message;
  const std::string said = client.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_TRUE(said.starts_with("HTTP/1.1 505 ")) << said;
  EXPECT_NE(said.find("settled by ALPN"), std::string::npos) << said;
}

TEST(https_http2, http1_where_it_was_settled_is_no_request) {
  secure_server server;
  int asked = 0;
  server.core.routes.add("GET /asked",
                         [&](const request&) {
                           ++asked;
                           return text("asked");
                         },
                         {});
  server.start();
  secure_peer client(server, std::vector<std::string>{"h2"});
  ASSERT_FALSE(*client.result) << client.result->message;
  const std::string said = client.ask("GET /asked HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(asked, 0);
  EXPECT_NE(said.find("bad-preface"), std::string::npos) << "its GOAWAY says what was wrong";
}

}  // namespace
}  // namespace parley::testing
