// HTTP/2 at a server, over the network in memory: how it comes about, and what is different from HTTP/1 above the engine.
#include "memory_server.hpp"
#include "support/engine_peer.hpp"

#include "connection/make_engine.hpp"
#include "server/hints.hpp"

#include <parley/limits.hpp>

#include <algorithm>
#include <optional>

namespace {

using namespace std::chrono_literals;
using parley::body_writer;
using parley::limits;
using parley::request;
using parley::response;
using parley::task;
using parley::server_room::count;
using parley::testing::answered;
using parley::testing::asked;
using parley::testing::connect_in_memory;
using parley::testing::engine_peer;
using parley::testing::memory_peer;
using parley::testing::memory_server;

const limits client_caps;

std::string method_and_content(const request& req) {
  return std::string(req.method().name()) + " " + std::string(req.path()) + " " + std::string(req.content());
}

struct http2_server : memory_server {
  explicit http2_server(const limits& caps = {}) : memory_server(caps) {
    plain("GET /hello", [](const request& req) { return parley::text("hello from " + std::string(req.header("Host"))); });
    plain("* /echo", [](const request& req) { return parley::text(method_and_content(req)); });
  }
  engine_peer peer(bool push = false) {
    return engine_peer(*loop, connect_in_memory(*loop, 80), engine_peer::speaking_http2(*loop, client_caps, push));
  }
  [[nodiscard]] std::uint64_t counted(count what) const { return worker->counted().value(what); }
};

// --- how it comes about ----------------------------------------------------------------------------------------------------------

TEST(http2, by_prior_knowledge) {
  http2_server server;
  auto peer = server.peer();
  const answered& a = peer.exchange({.path = "/hello"});
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.content, "hello from a.example");
  EXPECT_TRUE(a.whole);
  const answered& b = peer.exchange({.method = "POST", .path = "/echo", .content = "content"});
  EXPECT_EQ(b.content, "POST /echo content");
  EXPECT_EQ(server.counted(count::connections_http2), 1U);
  EXPECT_EQ(server.counted(count::requests_http2), 2U);
  EXPECT_EQ(server.counted(count::requests), 2U);
}

// The bytes of a client's preface and first request, one by one.
TEST(http2, the_preface_decides_when_it_is_whole) {
  http2_server server;
  const auto client = engine_peer::speaking_http2(*server.loop, client_caps);
  ASSERT_TRUE(client->send_request(engine_peer::head_of({.path = "/hello"}), parley::engine::content_length::no_content(),
                                   server.loop->now()));
  std::string bytes;
  std::array<parley::engine::segment, 8> segments;
  while (client->has_output()) {
    const std::size_t n = client->output(segments);
    std::size_t size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      bytes += segments[i].bytes;
      size += segments[i].bytes.size();
    }
    client->written(size, server.loop->now());
  }
  memory_peer peer(*server.loop, 80);
  for (const char& c : bytes) {
    peer.send(std::string_view(&c, 1));
    if (&c - bytes.data() >= 23) continue;
    EXPECT_EQ(peer.received, "") << "nothing is said before it is decided";
  }
  server.loop->run_for(1s);
  EXPECT_NE(peer.received.find("hello from a.example"), std::string::npos);
  EXPECT_EQ(server.counted(count::requests_http2), 1U);
}

TEST(http2, what_only_begins_like_the_preface_is_http1) {
  http2_server server;
  memory_peer peer(*server.loop, 80);
  peer.send("PRI");
  server.loop->run_for(1s);
  EXPECT_EQ(peer.received, "");
  peer.send("VATE /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 OK\r\n")) << peer.received;
  memory_peer half(*server.loop, 80);
  half.send("PRI * HTTP/2.0\r\n");
  half.end();
  server.loop->run_for(1s);
  EXPECT_TRUE(half.ended);
}

TEST(http2, where_it_is_off_the_preface_is_told_why) {
  http2_server server;
  server.core.http2 = false;
  memory_peer peer(*server.loop, 80);
  peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 505 ")) << peer.received;
  EXPECT_NE(peer.received.find("this server does not speak here: use HTTP/1.1"), std::string::npos) << peer.received;
  EXPECT_TRUE(peer.ended);
}

constexpr std::string_view upgrading =
    "GET /hello HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";

std::unique_ptr<parley::engine::byte_engine> upgraded_client(parley::net::memory_loop& on, parley::method::id what) {
  auto made = parley::connection::make_upgraded_http2_engine(parley::engine::role::client, client_caps,
                                                             {.secure = false, .seed = 2}, what, {}, on.now());
  EXPECT_TRUE(made);
  return made ? std::move(*made) : nullptr;
}

TEST(http2, by_upgrade) {
  http2_server server;
  engine_peer peer(*server.loop, connect_in_memory(*server.loop, 80), nullptr);
  peer.send_raw(upgrading);
  server.loop->run_for(1s);
  const std::string head = peer.take_raw("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << head;
  EXPECT_NE(head.find("\r\nUpgrade: h2c\r\n"), std::string::npos) << head;
  peer.begin_with(upgraded_client(*server.loop, parley::method::id::get));
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[1].status, 200);
  EXPECT_EQ(peer.answers[1].content, "hello from a.example");
  EXPECT_TRUE(peer.answers[1].whole);
  EXPECT_EQ(peer.exchange({.path = "/hello"}).content, "hello from a.example") << "and it goes on";
  EXPECT_EQ(server.counted(count::requests_http2), 2U);
}

TEST(http2, an_upgrade_that_is_not_as_it_has_to_be_is_ignored) {
  http2_server server;
  for (const std::string_view request : {
           "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
           "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: !\r\n\r\n",
           "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
           "AAMAAABkAAQAAP__\r\n"
           "Content-Length: 2\r\n\r\nhi",
           "GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, "
           "HTTP2-Settings\r\nUpgrade: h2c\r\n"
           "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
       }) {
    memory_peer peer(*server.loop, 80);
    peer.send(request);
    server.loop->run_for(1s);
    EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 OK\r\n")) << request << peer.received;
    EXPECT_EQ(peer.received.find("101"), std::string::npos) << request << peer.received;
    EXPECT_FALSE(peer.ended);
  }
}

// --- many exchanges ----------------------------------------------------------------------------------------------------------------

TEST(http2, exchanges_overtake_each_other) {
  http2_server server;
  server.route("GET /slow/{n}", [](request& req) -> task<response> {
    auto pause = parley::sleep_for(std::chrono::seconds(std::stoi(req.path("n"))));
    co_await pause;
    co_return parley::text("slow");
  });
  auto peer = server.peer();
  const auto three = peer.ask({.path = "/slow/3"});
  const auto one = peer.ask({.path = "/slow/1"});
  const auto none = peer.ask({.path = "/hello"});
  server.loop->run_for(500ms);
  EXPECT_TRUE(peer.answers[none].whole);
  EXPECT_FALSE(peer.answers[one].whole);
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.answers[one].whole);
  EXPECT_FALSE(peer.answers[three].whole);
  server.loop->run_for(2s);
  EXPECT_TRUE(peer.answers[three].whole);
}

TEST(http2, a_hundred_at_once) {
  http2_server server;
  auto peer = server.peer();
  static_cast<void>(peer.exchange({.path = "/hello"}));  // its settings are known then
  std::vector<parley::engine::stream_id> all;
  for (int i = 0; i < 100; ++i) all.push_back(peer.ask({.method = "PUT", .path = "/echo", .content = std::to_string(i)}));
  server.loop->run_for(1s);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(peer.answers[all[i]].content, "PUT /echo " + std::to_string(i));
}

TEST(http2, a_handler_whose_client_cancels_is_cancelled_within_a_turn_and_the_others_go_on) {
  http2_server server;
  std::optional<parley::net::time_point> cancelled_at;
  server.route("GET /wait", [&](request&) -> task<response> {
    try {
      auto pause = parley::sleep_for(1h);
      co_await pause;
    } catch (const parley::cancelled&) {
      cancelled_at = server.loop->now();
      throw;
    }
    co_return parley::text("waited");
  });
  auto peer = server.peer();
  const auto waits = peer.ask({.path = "/wait"});
  server.loop->run_for(1s);
  EXPECT_FALSE(cancelled_at);
  const auto when = server.loop->now();
  peer.reset(waits);
  while (!cancelled_at && server.loop->run_one_turn()) {
  }
  EXPECT_EQ(cancelled_at, when);
  EXPECT_EQ(peer.exchange({.path = "/hello"}).status, 200);
  EXPECT_FALSE(peer.goaway);
}

TEST(http2, a_client_that_leaves_cancels_all_its_handlers) {
  http2_server server;
  int cancelled = 0;
  server.route("GET /wait", [&](request&) -> task<response> {
    try {
      auto pause = parley::sleep_for(1h);
      co_await pause;
    } catch (const parley::cancelled&) {
      ++cancelled;
      throw;
    }
    co_return parley::text("waited");
  });
  auto peer = server.peer();
  for (int i = 0; i < 20; ++i) peer.ask({.path = "/wait"});
  server.loop->run_for(1s);
  peer.abort();
  server.loop->run_for(1s);
  EXPECT_EQ(cancelled, 20);
  EXPECT_EQ(server.worker->open_connections(), 0U);
}

TEST(http2, a_client_that_ends_its_direction_still_gets_its_answers) {
  limits caps;
  caps.half_close_time = 3s;
  http2_server server(caps);
  bool cancelled = false;
  server.route("GET /slow/{n}", [&](request& req) -> task<response> {
    try {
      auto pause = parley::sleep_for(std::chrono::seconds(std::stoi(req.path("n"))));
      co_await pause;
    } catch (const parley::cancelled&) {
      cancelled = true;
      throw;
    }
    co_return parley::text("slow");
  });
  auto peer = server.peer();
  const auto soon = peer.ask({.path = "/slow/2"});
  const auto late = peer.ask({.path = "/slow/60"});
  server.loop->run_for(100ms);
  peer.end();
  server.loop->run_for(2s);
  EXPECT_TRUE(peer.answers[soon].whole);
  EXPECT_FALSE(cancelled);
  server.loop->run_for(5s);
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(peer.answers[late].whole);
  EXPECT_EQ(server.worker->open_connections(), 0U);
}

TEST(http2, what_is_too_large_costs_its_stream_alone) {
  limits caps;
  caps.content = 1000;
  http2_server server(caps);
  auto peer = server.peer();
  const answered& announced = peer.exchange({.method = "POST", .path = "/echo", .content = std::string(2000, 'a')});
  EXPECT_EQ(announced.status, 413);
  const answered& streamed =
      peer.exchange({.method = "POST", .path = "/echo", .content = std::string(200'000, 'a'), .chunked = true});
  EXPECT_EQ(streamed.status, 413);
  EXPECT_EQ(peer.exchange({.path = "/hello"}).status, 200);
  EXPECT_FALSE(peer.goaway);
  EXPECT_FALSE(peer.ended);
}

TEST(http2, a_head_that_is_too_large_costs_its_stream_alone) {
  http2_server server;
  auto peer = server.peer();
  const std::string large(60'000, 'a');
  const answered& a =
      peer.exchange({.path = "/hello", .fields = {{"X-A", large}, {"X-B", "b"}, {"X-C", std::string_view(large).substr(0, 9000)}}});
  EXPECT_EQ(a.status, 431);
  EXPECT_EQ(peer.exchange({.path = "/hello"}).status, 200);
  EXPECT_FALSE(peer.ended);
}

// --- ends --------------------------------------------------------------------------------------------------------------------------

TEST(http2, connection_close_of_a_handler_ends_the_connection_after_what_runs) {
  http2_server server;
  server.plain("GET /last", [](const request&) { return parley::text("last").header("Connection", "close"); });
  server.route("GET /slow", [](request&) -> task<response> {
    auto pause = parley::sleep_for(5s);
    co_await pause;
    co_return parley::text("slow");
  });
  auto peer = server.peer();
  const auto slow = peer.ask({.path = "/slow"});
  EXPECT_EQ(peer.exchange({.path = "/last"}).content, "last");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.goaway);
  EXPECT_FALSE(peer.answers[slow].whole);
  server.loop->run_for(5s);
  EXPECT_TRUE(peer.answers[slow].whole);
  EXPECT_TRUE(peer.ended);
}

TEST(http2, a_drain_lets_what_runs_finish) {
  http2_server server;
  server.route("GET /slow", [](request&) -> task<response> {
    auto pause = parley::sleep_for(2s);
    co_await pause;
    co_return parley::text("slow");
  });
  auto peer = server.peer();
  const auto slow = peer.ask({.path = "/slow"});
  server.loop->run_for(100ms);
  server.worker->drain();
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.goaway);
  EXPECT_EQ(peer.ask({.path = "/hello"}), 0U) << "no more requests there";
  server.loop->run_for(2s);
  EXPECT_TRUE(peer.answers[slow].whole);
  EXPECT_TRUE(peer.ended);
  server.loop->run_for(5s);
  EXPECT_EQ(server.worker->open_connections(), 0U);
}

TEST(http2, so_many_requests_and_no_more) {
  limits caps;
  caps.requests_per_connection = 3;
  http2_server server(caps);
  auto peer = server.peer();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.exchange({.path = "/hello"}).status, 200) << i;
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.goaway);
  EXPECT_TRUE(peer.ended);
}

// --- tunnels -----------------------------------------------------------------------------------------------------------------------

task<> echo_stream(parley::tunnel& stream) {
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

TEST(http2, connect_makes_a_stream_a_tunnel) {
  http2_server server;
  server.plain("CONNECT *", [](const request& req) {
    EXPECT_EQ(req.authority(), "example.org:80");
    return parley::accept_tunnel(echo_stream);
  });
  auto peer = server.peer();
  const auto id = peer.begin({.method = "CONNECT", .path = "example.org:80"});
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[id].status, 200);
  peer.send_data(id, "one ");
  server.loop->run_for(1s);
  EXPECT_EQ(peer.exchange({.path = "/hello"}).status, 200) << "beside it";
  peer.send_data(id, "two ");
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[id].content, "one two ");
  EXPECT_FALSE(peer.answers[id].whole);
  peer.send_end(id);
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[id].content, "one two bye");
  EXPECT_TRUE(peer.answers[id].whole);
}

TEST(http2, there_is_no_101) {
  http2_server server;
  server.plain("GET /echo", [](const request&) { return parley::switch_protocols("echo", echo_stream); });
  auto peer = server.peer();
  EXPECT_EQ(peer.exchange({.path = "/echo"}).status, 500);
  EXPECT_EQ(peer.exchange({.path = "/hello"}).status, 200);
}

// --- pushes ------------------------------------------------------------------------------------------------------------------------

struct pushing_server : http2_server {
  pushing_server() {
    plain("GET /page", [](const request& req) {
      req.hint("/style.css?v=1", parley::as::style);
      return parley::text("page");
    });
    plain("GET /style.css", [this](const request& req) {
      style_fields = req.fields();
      req.hint("/deeper.css", parley::as::style);  // a pushed request cannot push
      return parley::text(std::string(req.query()) + " of " + std::string(req.authority()));
    });
    plain("GET /deeper.css", [](const request&) { return parley::text("deeper"); });
  }
  parley::fields style_fields;
};

TEST(http2, a_hint_pushes) {
  pushing_server server;
  auto peer = server.peer(true);
  const auto page =
      peer.ask({.path = "/page",
                .fields = {{"User-Agent", "tool/1"}, {"Accept-Encoding", "br"}, {"Accept-Language", "de"}, {"Cookie", "a=b"}}});
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[page].content, "page");
  EXPECT_TRUE(peer.answers[page].interim.empty()) << "pushed, so not hinted";
  ASSERT_EQ(peer.promises.size(), 1U);
  const auto& p = peer.promises.front();
  EXPECT_EQ(p.parent, page);
  EXPECT_EQ(p.id % 2, 0U);
  EXPECT_EQ(p.head.method, parley::method::get);
  EXPECT_EQ(p.head.target(), "/style.css?v=1");
  EXPECT_EQ(p.head.authority(), "a.example");
  EXPECT_EQ(p.head.scheme(), "http");
  const answered& style = peer.answers[p.id];
  EXPECT_EQ(style.status, 200);
  EXPECT_EQ(style.content, "v=1 of a.example");
  EXPECT_TRUE(style.whole);
  EXPECT_EQ(server.style_fields.get("Accept-Encoding"), "br");
  EXPECT_EQ(server.style_fields.get("Accept-Language"), "de");
  EXPECT_EQ(server.style_fields.get("User-Agent"), "tool/1");
  EXPECT_FALSE(server.style_fields.get("Cookie"));
  EXPECT_EQ(server.counted(count::pushes), 1U);
  EXPECT_EQ(server.counted(count::requests), 2U);

  const answered& again = peer.exchange({.path = "/page"});
  EXPECT_TRUE(again.interim.empty());
  EXPECT_EQ(peer.promises.size(), 1U) << "nothing is pushed twice on a connection";
}

TEST(http2, who_takes_no_push_gets_a_link) {
  struct row {
    const char* name;
    bool push;
    std::string_view agent;
    bool to_browsers;
    bool pushed;
  };
  for (const row& r :
       {row{"its setting is off", false, "tool/1", false, false}, row{"a browser", true, "Mozilla/5.0 (X11)", false, false},
        row{"a browser, and the server means it", true, "Mozilla/5.0 (X11)", true, true},
        row{"nobody says who", true, "", false, true}}) {
    pushing_server server;
    server.core.push_to_browsers = r.to_browsers;
    auto peer = server.peer(r.push);
    asked what{.path = "/page"};
    if (!r.agent.empty()) what.fields.emplace_back("User-Agent", r.agent);
    const answered& a = peer.exchange(what);
    EXPECT_EQ(a.content, "page");
    EXPECT_EQ(peer.promises.size(), r.pushed ? 1U : 0U) << r.name;
    ASSERT_EQ(a.interim.size(), r.pushed ? 0U : 1U) << r.name;
    if (r.pushed) continue;
    EXPECT_EQ(a.interim.front().status, 103);
    EXPECT_EQ(a.interim.front().fields.get("Link"), "</style.css?v=1>; rel=preload; as=style");
  }
}

TEST(http2, a_refused_push_is_cancelled) {
  http2_server server;
  bool cancelled = false;
  server.plain("GET /page", [](const request& req) {
    req.hint("/slow.css", parley::as::style);
    return parley::text("page");
  });
  server.route("GET /slow.css", [&](request&) -> task<response> {
    try {
      auto pause = parley::sleep_for(1h);
      co_await pause;
    } catch (const parley::cancelled&) {
      cancelled = true;
      throw;
    }
    co_return parley::text("style");
  });
  auto peer = server.peer(true);
  peer.refuse_pushes = true;
  EXPECT_EQ(peer.exchange({.path = "/page"}).content, "page");
  server.loop->run_for(1s);
  EXPECT_EQ(peer.promises.size(), 1U);
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(peer.exchange({.path = "/hello"}).status, 200);
}

TEST(http2, pushes_have_a_bound) {
  limits caps;
  caps.pushes = 2;
  http2_server server(caps);
  server.plain("GET /page", [](const request& req) {
    for (const char* one : {"/a", "/b", "/c", "/d"}) req.hint(one, parley::as::script);
    return parley::text("page");
  });
  server.route("GET /{what}", [](request&) -> task<response> {
    auto pause = parley::sleep_for(1s);
    co_await pause;
    co_return parley::text("script");
  });
  auto peer = server.peer(true);
  const answered& page = peer.exchange({.path = "/page"});
  EXPECT_EQ(peer.promises.size(), 2U);
  ASSERT_EQ(page.interim.size(), 1U) << "the others are linked";
  EXPECT_EQ(page.interim.front().fields.get("Link"), "</c>; rel=preload; as=script, </d>; rel=preload; as=script");
}

TEST(http2, a_pushed_request_passes_through_middleware) {
  pushing_server server;
  std::string seen;
  server.core.middleware.push_back([&](request& req, parley::next next) -> task<response> {
    seen += std::string(req.path()) + " ";
    auto going_on = next(req);
    response r = co_await going_on;
    r.header("X-Seen", "yes");
    co_return r;
  });
  auto peer = server.peer(true);
  static_cast<void>(peer.exchange({.path = "/page"}));
  server.loop->run_for(1s);
  EXPECT_EQ(seen, "/page /style.css ");
  ASSERT_EQ(peer.promises.size(), 1U);
  EXPECT_EQ(peer.answers[peer.promises[0].id].fields.get("X-Seen"), "yes");
}

}  // namespace
