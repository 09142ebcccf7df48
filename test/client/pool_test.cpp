// Which connection a request goes over: kept-alive ones, new ones, and the queue for them.
#include "client/pool.hpp"
#include "scripted_peer.hpp"

namespace {

using namespace client_tests;
using parley::fetch_error;
using parley::response;
using parley::task;

const std::string pool_url = "http://10.0.0.1/";

task<std::string> get_in_sequence(parley::client& http, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) {
    auto getting = http.get(pool_url + std::to_string(i));
    response got = co_await getting;
    all += got.content();
  }
  co_return all;
}

TEST(pool, a_kept_alive_connection_is_used_again) {
  world w;
  w.server.answer_all(ok_hello);
  auto got = w.run(get_in_sequence(w.http, 3));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value(), "hellohellohello");
  EXPECT_EQ(w.server.peers.size(), 1u);
}

TEST(pool, a_connection_that_was_said_to_close_is_not) {
  for (const char* wire :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"}) {
    world w;
    w.server.answer_all(wire);
    auto got = w.run(get_in_sequence(w.http, 2));
    ASSERT_TRUE(got->succeeded()) << got->error();
    EXPECT_EQ(w.server.peers.size(), 2u);
    w.settle();
    EXPECT_TRUE(w.server.peers[0]->ended) << "the client closes its side too";
  }
}

TEST(pool, bytes_that_no_request_asked_for_end_the_connection) {
  world w;
  w.server.answer_all(ok_hello + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
  auto got = w.run(get_in_sequence(w.http, 2));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value(), "hellohello");
  EXPECT_EQ(w.server.peers.size(), 2u);
}

TEST(pool, versions_and_ports_do_not_share) {
  world w;
  w.server.answer_all(ok_hello);
  scripted_server other(w.loop, "10.0.0.1", 81);
  other.answer_all(ok_hello);
  EXPECT_TRUE(w.run(w.http.get(pool_url))->succeeded());
  EXPECT_TRUE(w.run(w.http.get("http://10.0.0.1:81/"))->succeeded());
  EXPECT_TRUE(w.run(w.http.get(pool_url, parley::options().version(parley::http1_0)))->succeeded());
  EXPECT_EQ(w.server.peers.size(), 2u);
  EXPECT_EQ(other.peers.size(), 1u);
}

TEST(pool, idle_connections_close_after_their_time) {
  world w;
  w.server.answer_all(ok_hello);
  w.http.keep_alive(8, 5s);
  EXPECT_TRUE(w.run(w.http.get(pool_url))->succeeded());
  w.loop.run_for(4900ms);
  EXPECT_FALSE(w.server.peers[0]->ended);
  w.loop.run_for(200ms);
  EXPECT_TRUE(w.server.peers[0]->ended);
}

TEST(pool, no_more_idle_connections_than_wanted) {
  world w;
  w.http.keep_alive(1, 30s);
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 3; ++i) work.push_back(w.start(w.http.get(pool_url)));
  w.settle();
  ASSERT_EQ(w.server.peers.size(), 3u) << "each takes its own";
  for (const auto& p : w.server.peers) p->send(ok_hello);
  w.settle();
  int open = 0;
  for (const auto& p : w.server.peers) open += !p->ended;
  EXPECT_EQ(open, 1);
}

TEST(pool, requests_beyond_the_bound_wait_for_a_connection) {
  world w;
  w.http.connections_per_origin(2);
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 5; ++i) work.push_back(w.start(w.http.get(pool_url + std::to_string(i))));
  w.settle();
  ASSERT_EQ(w.server.peers.size(), 2u);
  w.server.peers[0]->send(ok_hello);
  w.settle();
  EXPECT_NE(w.server.peers[0]->received.find("GET /2 "), std::string::npos) << "first come, first served";
  // One that ends makes room for a new one.
  w.server.peers[1]->send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
  w.settle();
  ASSERT_EQ(w.server.peers.size(), 3u);
  EXPECT_NE(w.server.peers[2]->received.find("GET /3 "), std::string::npos);
  // One that is cancelled while it waits leaves the queue; one that is cancelled at work gives its place away.
  work[4]->chain.cancel();
  w.settle();
  EXPECT_EQ(work[4]->error(), "cancelled");
  auto last = w.start(w.http.get(pool_url + "last"));
  w.settle();
  EXPECT_EQ(w.server.peers.size(), 3u);
  work[2]->chain.cancel();
  w.settle();
  ASSERT_EQ(w.server.peers.size(), 4u);
  EXPECT_NE(w.server.peers[3]->received.find("GET /last "), std::string::npos);
  // What is still under way refers to `work`, which goes before the world does.
  for (auto& each : work) each->chain.cancel();
  last->chain.cancel();
  w.settle();
}

TEST(pool, a_failed_connect_gives_its_place_away) {
  world w;
  w.http.connections_per_origin(1);
  auto first = w.start(w.http.get("http://10.0.0.1:9/a"));
  auto second = w.start(w.http.get("http://10.0.0.1:9/b"));
  w.settle();
  EXPECT_EQ(first->kind(), fetch_error::kind::connect);
  EXPECT_EQ(second->kind(), fetch_error::kind::connect);
}

TEST(pool, destroying_the_client_closes_idle_connections) {
  world w;
  w.server.answer_all(ok_hello);
  {
    parley::client gone;
    EXPECT_TRUE(w.run(gone.get(pool_url))->succeeded());
    EXPECT_FALSE(w.server.peers[0]->ended);
  }
  w.settle();
  EXPECT_TRUE(w.server.peers[0]->ended);
}

TEST(pool, a_fetch_may_outlive_its_client) {
  world w;
  auto gone = std::make_unique<parley::client>();
  auto got = w.start(gone->get(pool_url));
  w.settle();
  gone.reset();
  w.settle();
  EXPECT_FALSE(w.server.peers[0]->ended);
  w.server.peers[0]->send(ok_hello);
  w.settle();
  EXPECT_TRUE(got->succeeded()) << got->error();
  EXPECT_TRUE(w.server.peers[0]->ended) << "and then its connection is closed";
}

TEST(pool, a_client_serves_one_loop_after_the_other) {
  parley::client http;
  for (int i = 0; i < 2; ++i) {
    parley::net::memory_loop loop;
    scripted_server server(loop, "10.0.0.1");
    server.answer_all(ok_hello);
    std::optional<parley::detail::outcome<response>> end;
    parley::detail::start(http.get(pool_url), nullptr, [&](parley::detail::outcome<response> got) { end.emplace(std::move(got)); });
    for (int turn = 0; turn < 100 && !end; ++turn) loop.run_for(1ms);
    ASSERT_TRUE(end && *end);
    EXPECT_EQ(server.peers.size(), 1u);
  }
}

TEST(pool, a_moved_client_goes_on) {
  world w;
  w.server.answer_all(ok_hello);
  EXPECT_TRUE(w.run(w.http.get(pool_url))->succeeded());
  parley::client other = std::move(w.http);
  EXPECT_TRUE(w.run(other.get(pool_url))->succeeded());
  EXPECT_EQ(w.server.peers.size(), 1u);
  w.http = std::move(other);
  EXPECT_TRUE(w.run(w.http.get(pool_url))->succeeded());
  EXPECT_EQ(w.server.peers.size(), 1u);
}

}  // namespace
