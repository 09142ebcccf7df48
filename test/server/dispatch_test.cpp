// From a request's head to its answer's last byte, over the network in memory.
#include "connection/message_access.hpp"
#include "memory_server.hpp"

namespace {

using namespace std::chrono_literals;
using parley::request;
using parley::response;
using parley::task;
using parley::testing::memory_peer;
using parley::testing::memory_server;

task<> echo_tunnel(parley::tunnel& stream) {
  for (;;) {
    auto reading = stream.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    auto writing = stream.write(piece);
    co_await writing;
  }
  auto writing = stream.write("bye");
  co_await writing;
}

TEST(dispatch, an_upgrade_hands_the_byte_stream_over) {
  memory_server server;
  server.plain("GET /echo", [](const request&) { return parley::switch_protocols("echo", echo_tunnel); });
  memory_peer peer(*server.loop, 80);
  peer.send("GET /echo HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nfirst ");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << peer.received;
  peer.send("second ");
  server.loop->run_for(1s);
  peer.send("GET / HTTP/1.1\r\n\r\n");  // bytes like any other now
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.ends_with("\r\n\r\nfirst second GET / HTTP/1.1\r\n\r\n")) << peer.received;
  EXPECT_FALSE(peer.ended);
  peer.end();
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.ends_with("bye"));
  EXPECT_TRUE(peer.ended);
}

TEST(dispatch, a_connect_hands_the_byte_stream_over) {
  memory_server server;
  server.plain("CONNECT *", [](const request& req) {
    EXPECT_EQ(req.authority(), "example.org:80");
    return parley::accept_tunnel(echo_tunnel);
  });
  memory_peer peer(*server.loop, 80);
  peer.send("CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\nhello");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 OK\r\n")) << peer.received;
  EXPECT_TRUE(peer.received.ends_with("\r\n\r\nhello")) << peer.received;
  EXPECT_EQ(peer.received.find("Content-Length"), std::string::npos);
}

TEST(dispatch, an_answer_that_the_request_does_not_allow_is_a_500) {
  memory_server server;
  server.plain("GET /tunnel", [](const request&) { return parley::accept_tunnel(echo_tunnel); });
  server.plain("GET /switch", [](const request&) { return parley::switch_protocols("echo", echo_tunnel); });
  server.plain("GET /205", [](const request&) { return parley::text("content").status(205); });
  for (const char* path : {"/tunnel", "/switch", "/205"}) {
    memory_peer peer(*server.loop, 80);
    peer.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    server.loop->run_for(1s);
    EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 500 ")) << path << ": " << peer.received;
  }
  EXPECT_NE(server.messages.find("/205"), std::string::npos);
}

// What a request's content is read from, and what still knows of it when it goes.
struct source_of_a_request final : parley::detail::body_source {
  explicit source_of_a_request(bool& here) : alive(here) { alive = true; }
  ~source_of_a_request() override { alive = false; }
  bool ready() noexcept override { return true; }
  std::string_view next() override { return {}; }
  void wait(parley::detail::waiter*) noexcept override {}
  const parley::fields* trailers() noexcept override { return nullptr; }
  std::optional<std::uint64_t> length() noexcept override { return std::nullopt; }
  bool& alive;
};
struct knows_of_content {
  bool& alive;
  int& in_time;
  ~knows_of_content() { in_time += alive ? 1 : 0; }
};

// A forward proxy's answer, say, leaves the content of its request when it goes.
TEST(dispatch, an_answer_goes_before_the_content_of_its_request) {
  memory_server server;
  bool alive = false;
  int made = 0;
  int in_time = 0;
  const auto answer = [&](request& req) {
    parley::detail::request_access::own_source(req, std::make_unique<source_of_a_request>(alive));
    ++made;
    auto kept = std::make_shared<knows_of_content>(alive, in_time);
    return parley::stream(
        [kept](parley::body_writer& to) -> task<> {
          auto writing = to.write("content");
          co_await writing;
        },
        "text/plain");
  };
  server.route("GET /stream", [&](request& req) -> task<response> { co_return answer(req); });
  server.route("GET /205", [&](request& req) -> task<response> { co_return answer(req).status(205); });
  server.route("GET /304", [&](request& req) -> task<response> { co_return answer(req).status(304); });
  server.route("GET /late", [&](request& req) -> task<response> {
    response late = answer(req);
    try {
      auto waiting = parley::sleep_for(10s);
      co_await waiting;
    } catch (const parley::cancelled&) {
    }
    co_return late;
  });
  for (const char* start : {"GET /stream", "HEAD /stream", "GET /205", "GET /304", "GET /late"}) {
    memory_peer peer(*server.loop, 80);
    peer.send(std::string(start) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    server.loop->run_for(1s);
    peer.abort();
    server.loop->run_for(1s);
    EXPECT_FALSE(alive) << start;
    EXPECT_EQ(in_time, made) << start;
  }
  EXPECT_EQ(made, 5);
}

TEST(dispatch, functions_of_the_user_that_throw_end_nothing) {
  memory_server server;
  server.core.not_found = [](const request&) -> response { throw std::runtime_error("not_found"); };
  server.core.error_page = [](const request&, const parley::problem&) -> response { throw std::runtime_error("page"); };
  memory_peer unknown(*server.loop, 80);
  unknown.send("GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n");
  memory_peer malformed(*server.loop, 80);
  malformed.send("GET  / HTTP/1.1\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(unknown.received.starts_with("HTTP/1.1 500 ")) << unknown.received;
  EXPECT_TRUE(malformed.received.starts_with("HTTP/1.1 400 ")) << malformed.received;
  EXPECT_NE(server.messages.find("page"), std::string::npos);
}

TEST(dispatch, what_nothing_matches_is_answered_once_and_behind_the_middleware) {
  memory_server server;
  int asked = 0;
  server.core.not_found = [&](const request&) {
    ++asked;
    return parley::text("none").status(404);
  };
  server.core.middleware.emplace_back([](request& req, parley::next go_on) -> parley::task<parley::response> {
    if (req.path() == "/secret") co_return parley::text("who are you?").status(401);
    auto following = go_on(req);
    parley::response answer = co_await following;
    co_return answer;
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET /secret HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 401 ")) << peer.received;
  EXPECT_EQ(asked, 0);
  peer.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_NE(peer.received.find("HTTP/1.1 404 "), std::string::npos) << peer.received;
  EXPECT_EQ(asked, 1);
}

TEST(dispatch, an_error_pages_status_is_that_of_the_error) {
  memory_server server;
  server.core.error_page = [](const request&, const parley::problem&) { return parley::html("mine"); };
  memory_peer peer(*server.loop, 80);
  peer.send("GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 404 ")) << peer.received;
  EXPECT_TRUE(peer.received.ends_with("mine"));
}

TEST(dispatch, the_answer_to_a_malformed_head_behind_a_HEAD_has_its_content) {
  memory_server server;
  server.plain("GET /", [](const request&) { return parley::text("hello"); });
  memory_peer peer(*server.loop, 80);
  peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nBAD\x01\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_NE(peer.received.find("HTTP/1.1 400 "), std::string::npos);
  EXPECT_TRUE(peer.received.ends_with("</html>\n")) << peer.received;
}

TEST(dispatch, an_absolute_target_must_name_this_connections_scheme) {
  memory_server server;
  server.plain("GET /", [](const request&) { return parley::text("hello"); });
  const std::pair<const char*, const char*> table[] = {
      {"http", "200"}, {"HTTP", "200"}, {"https", "421"}, {"Https", "421"}, {"ftp", "400"}};
  for (const auto& [scheme, status] : table) {
    memory_peer peer(*server.loop, 80);
    peer.send("GET " + std::string(scheme) + "://x/ HTTP/1.1\r\nHost: x\r\n\r\n");
    server.loop->run_for(1s);
    EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 " + std::string(status))) << peer.received;
  }
}

TEST(dispatch, a_producer_that_writes_more_than_announced_is_ended) {
  memory_server server;
  bool refused = false;
  server.plain("GET /", [&](const request&) {
    return parley::stream(
        [&](parley::body_writer& out) -> task<> {
          try {
            for (;;) {
              auto writing = out.write("0123456789");
              co_await writing;
            }
          } catch (const std::length_error&) {
            refused = true;
            throw;
          }
        },
        "text/plain", 25);
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(refused);
  EXPECT_TRUE(peer.ended);
}

TEST(dispatch, content_that_only_the_close_ends_is_cut_off_by_a_reset) {
  memory_server server;
  server.plain("GET /", [](const request&) {
    return parley::stream(
        [](parley::body_writer& out) -> task<> {
          auto writing = out.write("half of it");
          co_await writing;
          throw std::runtime_error("the other half is lost");
        },
        "text/plain");
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.0\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.failed) << "an orderly end would look whole: " << peer.received;
}

TEST(dispatch, content_beneath_a_middleware_outlives_the_handler) {
  memory_server server;
  server.core.middleware.push_back([](request& req, parley::next go_on) -> task<response> {
    auto inner = go_on(req);
    response r = co_await inner;
    r.header("X-Seen", req.content());
    co_return r;
  });
  server.core.error_page = [](const request& req, const parley::problem&) {
    return parley::html("seen " + std::string(req.content()));
  };
  server.plain("POST /throws", [](const request&) -> response { throw std::runtime_error("x"); });
  server.plain("POST /streams", [](const request& req) {
    return parley::stream(
        [content = req.content()](parley::body_writer& out) -> task<> {
          auto writing = out.write(content);
          co_await writing;
        },
        "text/plain");
  });
  const std::string content = "what was sent, longer than any small string";
  const std::string length = std::to_string(content.size());
  memory_peer peer(*server.loop, 80);
  peer.send("POST /throws HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n" + content);
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.ends_with("seen " + content)) << peer.received;
  peer.send("POST /streams HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n" + content);
  server.loop->run_for(1s);
  EXPECT_NE(peer.received.find("X-Seen: " + content), std::string::npos) << peer.received;
  EXPECT_TRUE(peer.received.ends_with(content + "\r\n0\r\n\r\n")) << peer.received;
}

TEST(dispatch, a_client_that_left_with_more_bytes_waiting_is_noticed) {
  memory_server server;
  bool cancelled = false;
  server.route("GET /", [&](request&) -> task<response> {
    try {
      auto sleeping = parley::sleep_for(1h);
      co_await sleeping;
    } catch (const parley::cancelled&) {
      cancelled = true;
      throw;
    }
    co_return parley::text("never");
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET");
  peer.end();
  server.loop->run_for(6s);
  EXPECT_TRUE(cancelled);
}

TEST(dispatch, a_drain_does_not_wait_for_connections_without_a_request) {
  memory_server server;
  memory_peer peer(*server.loop, 80);
  server.loop->run_for(1ms);
  server.worker->drain();
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.ended);
  EXPECT_EQ(server.worker->open_connections(), 0u);
}

}  // namespace
