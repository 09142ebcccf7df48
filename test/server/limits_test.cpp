// The limits that the server and its connections keep (those of the engine are in test/h1), and draining.
#include "memory_server.hpp"

#include <parley/server.hpp>

namespace {

using namespace std::chrono_literals;
using parley::limits;
using parley::request;
using parley::response;
using parley::task;
using parley::testing::memory_peer;
using parley::testing::memory_server;

const auto hello = [](const request&) { return parley::text("hello"); };
constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

std::size_t count(std::string_view text, std::string_view piece) {
  std::size_t n = 0;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

TEST(server_limits, content_of_a_plain_handler) {
  limits caps;
  caps.content = 10;
  for (const bool chunked : {false, true}) {
    for (const std::size_t size : {10u, 11u}) {
      memory_server server(caps);
      server.plain("POST /", [](const request& req) { return parley::text("got " + std::to_string(req.content().size())); });
      memory_peer peer(*server.loop, 80);
      const std::string content(size, 'x');
      peer.send(chunked ? "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxxxxx\r\n" +
                              std::string(size == 10 ? "5\r\nxxxxx" : "6\r\nxxxxxx") + "\r\n0\r\n\r\n"
                        : "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + content);
      server.loop->run_for(1s);
      EXPECT_TRUE(peer.received.starts_with(size == 10 ? "HTTP/1.1 200" : "HTTP/1.1 413")) << peer.received;
    }
  }
}

TEST(server_limits, content_that_is_announced_too_large_is_refused_before_it_comes) {
  limits caps;
  caps.content = 10;
  memory_server server(caps);
  server.plain("POST /", hello);
  memory_peer peer(*server.loop, 80);
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 413")) << peer.received;
}

TEST(server_limits, linger_time) {
  limits caps;
  caps.linger_time = 2s;
  memory_server server(caps);
  server.plain("GET /", hello);
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  server.loop->run_for(1s);
  EXPECT_TRUE(peer.ended);  // our direction has ended, and the client has not closed yet
  EXPECT_EQ(server.worker->open_connections(), 1u);
  server.loop->run_for(2s);
  EXPECT_EQ(server.worker->open_connections(), 0u);
}

TEST(server_limits, a_client_that_closes_ends_the_lingering) {
  memory_server server;
  server.plain("GET /", hello);
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  server.loop->run_for(1ms);
  peer.close();
  server.loop->run_for(1ms);
  EXPECT_EQ(server.worker->open_connections(), 0u);
}

TEST(server_limits, connections) {
  limits caps;
  caps.connections = 2;
  memory_server server(caps);
  server.plain("GET /", hello);
  memory_peer first(*server.loop, 80);
  memory_peer second(*server.loop, 80);
  memory_peer third(*server.loop, 80);
  third.send(get);
  server.loop->run_for(1ms);
  EXPECT_EQ(server.worker->open_connections(), 2u);
  EXPECT_EQ(third.received, "");
  EXPECT_NE(server.messages.find("limit connections"), std::string::npos);
  first.close();
  server.loop->run_for(1ms);
  EXPECT_TRUE(third.received.starts_with("HTTP/1.1 200")) << third.received;
}

TEST(server_limits, head_and_idle_time_end_a_connection) {
  limits caps;
  caps.head_time = 10s;
  caps.idle_time = 60s;
  memory_server server(caps);
  server.plain("GET /", hello);
  memory_peer slow(*server.loop, 80);
  slow.send("GET / HTTP/1.1\r\nHost:");
  memory_peer idle(*server.loop, 80);
  idle.send(get);
  server.loop->run_for(9s);
  EXPECT_EQ(slow.received, "");
  server.loop->run_for(2s);
  EXPECT_TRUE(slow.received.starts_with("HTTP/1.1 408")) << slow.received;
  EXPECT_FALSE(idle.ended);
  server.loop->run_for(60s);
  EXPECT_TRUE(idle.ended);
  EXPECT_EQ(count(idle.received, "HTTP/1.1 "), 1u);
}

TEST(server_limits, stall_time_of_a_client_that_takes_nothing) {
  limits caps;
  caps.stall_time = 30s;
  memory_server server(caps);
  server.plain("GET /", [](const request&) { return parley::text(std::string(200'000, 'x')); });
  server.loop->default_link().capacity = 8192;
  memory_peer peer(*server.loop, 80);
  peer.stop_reading();
  peer.send(get);
  server.loop->run_for(61s);  // once the time is over, the system is asked what it holds, and then again
  EXPECT_EQ(server.worker->open_connections(), 0u);
}

TEST(server_limits, receive_window_holds_an_upload_back) {
  limits caps;
  caps.receive_window = 4096;
  memory_server server(caps);
  bool go_on = false;
  server.route("POST /", [&](request& req) -> task<response> {
    while (!go_on) {
      auto sleeping = parley::sleep_for(1s);
      co_await sleeping;
    }
    auto reading = req.text();
    const std::string all = co_await reading;
    co_return parley::text(std::to_string(all.size()));
  });
  server.loop->default_link().capacity = 8192;
  memory_peer peer(*server.loop, 80);
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + std::string(200000, 'x'));
  server.loop->run_for(5s);
  // What left the peer: the link's capacity, the window, and what is read ahead to notice that it leaves.
  EXPECT_LT(200000 - peer.unsent(), 8192u + 4096u + 2 * 16384u + 100u);
  go_on = true;
  server.loop->run_for(5s);
  EXPECT_NE(peer.received.find("\r\n\r\n200000"), std::string::npos) << peer.received;
}

TEST(server_limits, send_window_holds_a_producer_back) {
  limits caps;
  caps.send_window = 4096;
  caps.stall_time = 1h;
  memory_server server(caps);
  std::size_t produced = 0;
  server.route("GET /", [&](request&) -> task<response> {
    co_return parley::stream(
        [&](parley::body_writer& out) -> task<> {
          const std::string piece(1000, 'x');
          for (int i = 0; i < 200; ++i) {
            auto writing = out.write(std::string_view(piece));
            co_await writing;
            produced += piece.size();
          }
        },
        "text/plain");
  });
  server.loop->default_link().capacity = 8192;
  memory_peer peer(*server.loop, 80);
  peer.stop_reading();
  peer.send(get);
  server.loop->run_for(5s);
  EXPECT_LT(produced, 8192u + 4096u + 4096u);
  peer.go_on_reading();
  server.loop->run_for(5s);
  EXPECT_EQ(produced, 200000u);
  EXPECT_TRUE(peer.received.ends_with("0\r\n\r\n"));
}

TEST(server_limits, pipelined_requests_for_much_are_held_back_and_then_answered) {
  limits caps;
  caps.send_window = 64 * 1024;
  memory_server server(caps);
  int handled = 0;
  server.plain("GET /", [&](const request&) {
    ++handled;
    return parley::text(std::string(50'000, 'x'));
  });
  server.loop->default_link().capacity = 16 * 1024;
  memory_peer peer(*server.loop, 80);
  peer.stop_reading();
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += get;
  peer.send(requests);
  server.loop->run_for(1s);
  EXPECT_LE(handled, 4);
  peer.go_on_reading();
  server.loop->run_for(1s);
  EXPECT_EQ(handled, 40);
  EXPECT_EQ(count(peer.received, "HTTP/1.1 200"), 40u);
}

TEST(draining, finishes_what_runs_and_answers_who_waits) {
  memory_server server;
  server.route("GET /", [&](request&) -> task<response> {
    auto sleeping = parley::sleep_for(3s);
    co_await sleeping;
    co_return parley::text("done");
  });
  memory_peer running(*server.loop, 80);
  running.send(get);
  memory_peer fresh(*server.loop, 80);  // connected, and about to send its first request
  memory_peer idle(*server.loop, 80);
  idle.send(get);
  server.loop->run_for(4s);
  ASSERT_EQ(count(idle.received, "HTTP/1.1 200"), 1u);
  running.send(get);
  server.worker->drain();
  server.loop->run_for(1ms);
  EXPECT_TRUE(idle.ended);
  EXPECT_FALSE(running.ended);
  fresh.send(get);
  server.loop->run_for(4s);
  EXPECT_EQ(count(running.received, "HTTP/1.1 200"), 2u);
  EXPECT_NE(running.received.find("Connection: close"), std::string::npos);
  EXPECT_NE(fresh.received.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(running.ended);
}

TEST(draining, gives_up_what_takes_too_long) {
  memory_server server;
  server.core.drain_time = 5s;
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
  memory_peer running(*server.loop, 80);
  running.send(get);
  server.worker->drain();
  server.loop->run_for(4s);
  EXPECT_FALSE(cancelled);
  server.loop->run_for(2s);
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(running.ended);
  EXPECT_EQ(server.worker->open_connections(), 0u);
}

}  // namespace
