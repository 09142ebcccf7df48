// Hints towards clients that take no pushed responses: 103 (RFC 8297). Pushes are in http2_test.cpp.
#include "server/hints.hpp"

#include "memory_server.hpp"

namespace {

using namespace std::chrono_literals;
using parley::request;
using parley::task;
using parley::server_room::append_preload;
using parley::server_room::pushed_targets;
using parley::testing::memory_peer;
using parley::testing::memory_server;

TEST(hints, links) {
  std::string links;
  append_preload(links, "/style.css", parley::as::style);
  EXPECT_EQ(links, "</style.css>; rel=preload; as=style");
  append_preload(links, "/a.woff2?v=1", parley::as::font);
  EXPECT_EQ(links, "</style.css>; rel=preload; as=style, </a.woff2?v=1>; rel=preload; as=font; crossorigin");
  links.clear();
  append_preload(links, "/a>;rel=\"x\",<b", parley::as::script);
  EXPECT_EQ(links, "</a%3E;rel=%22x%22,%3Cb>; rel=preload; as=script") << "what would end the reference does not";
}

TEST(hints, what_was_pushed_is_remembered_within_a_bound) {
  pushed_targets known;
  for (std::uint64_t key = 1; key <= pushed_targets::most; ++key) {
    ASSERT_EQ(known.look(key), pushed_targets::answer::fresh);
    known.add(key);
    ASSERT_EQ(known.look(key), pushed_targets::answer::known);
  }
  EXPECT_EQ(known.look(1), pushed_targets::answer::known);
  EXPECT_EQ(known.look(0), pushed_targets::answer::full);
}

TEST(hints, come_as_one_103_before_the_answer) {
  memory_server server;
  server.plain("GET /", [](const request& req) {
    req.hint("/style.css", parley::as::style);
    req.hint("/app.js", parley::as::script);
    return parley::text("hello");
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(
      peer.received.starts_with("HTTP/1.1 103 Early Hints\r\n"
                                "Link: </style.css>; rel=preload; as=style, </app.js>; rel=preload; as=script\r\n\r\n"
                                "HTTP/1.1 200 OK\r\n"))
      << peer.received;
  EXPECT_TRUE(peer.received.ends_with("\r\n\r\nhello"));
}

TEST(hints, come_while_the_answer_is_made) {
  memory_server server;
  server.route("GET /", [](request& req) -> task<parley::response> {
    req.hint("/style.css", parley::as::style);
    auto pause = parley::sleep_for(5s);
    co_await pause;
    req.hint("/late.css", parley::as::style);
    auto another = parley::sleep_for(5s);
    co_await another;
    co_return parley::text("hello");
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_EQ(peer.received, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n");
  peer.received.clear();
  server.loop->run_for(5s);
  EXPECT_EQ(peer.received, "HTTP/1.1 103 Early Hints\r\nLink: </late.css>; rel=preload; as=style\r\n\r\n");
  peer.received.clear();
  server.loop->run_for(5s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 OK\r\n")) << peer.received;
}

TEST(hints, come_neither_to_older_clients_nor_too_late) {
  memory_server server;
  server.plain("GET /", [](const request& req) {
    req.hint("/style.css", parley::as::style);
    return parley::text("hello");
  });
  server.route("GET /late", [](request& req) -> task<parley::response> {
    auto produce = [&req](parley::body_writer& to) -> task<> {
      req.hint("/style.css", parley::as::style);
      auto writing = to.write("hello");
      co_await writing;
    };
    co_return parley::stream(produce, "text/plain");
  });
  for (const char* asking : {"GET / HTTP/1.0\r\n\r\n", "GET /\r\n", "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    memory_peer peer(*server.loop, 80);
    peer.send(asking);
    server.loop->run_for(1s);
    EXPECT_EQ(peer.received.find("103"), std::string::npos) << peer.received;
    EXPECT_NE(peer.received.find("hello"), std::string::npos) << peer.received;
  }
}

TEST(hints, refuse_what_is_no_path) {
  memory_server server;
  server.plain("GET /", [](const request& req) {
    for (const char* target : {"style.css", "https://elsewhere/style.css", "*", "", "/a b", "/a#b", "/a\r\nX: y"}) {
      EXPECT_THROW(req.hint(target, parley::as::style), std::invalid_argument) << target;
    }
    return parley::text("hello");
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 OK\r\n")) << peer.received;
}

}  // namespace
