// HTTP/2 connections: who shares them, what waits, and what is sent again.
#include "frame_peer.hpp"

#include <parley/status.hpp>

namespace {

using namespace client_tests;
using parley::response;
using parley::task;
using testing::Test;

using streams = std::vector<std::uint32_t>;

// RFC 9113 §7.
enum code : std::uint32_t { protocol_error = 1, internal_error = 2, refused_stream = 7, cancel = 8, http_1_1_required = 13 };

TEST(http2_pool, concurrent_requests_share_a_connection_also_while_it_is_being_made) {
  frame_world w;
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 5; ++i) work.push_back(w.get("/" + std::to_string(i)));
  w.settle();
  ASSERT_EQ(w.frames.size(), 1u);
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3, 5, 7, 9}));
  for (const std::uint32_t id : {9u, 1u, 5u, 3u, 7u}) w.at(0).answer(id, std::to_string(id));
  w.settle();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(work[static_cast<std::size_t>(i)]->succeeded()) << work[static_cast<std::size_t>(i)]->error();
    EXPECT_EQ(work[static_cast<std::size_t>(i)]->value().content(), std::to_string(2 * i + 1));
    EXPECT_EQ(work[static_cast<std::size_t>(i)]->value().version(), parley::http2);
  }
  // And so does one that comes later.
  auto later = w.get("/later");
  w.settle();
  EXPECT_EQ(w.frames.size(), 1u);
  w.at(0).answer(11);
  w.settle();
  EXPECT_TRUE(later->succeeded()) << later->error();
}

TEST(http2_pool, requests_beyond_the_servers_limit_wait_for_their_turn) {
  frame_world w(2);
  auto first = w.get("/");
  w.settle();
  w.at(0).answer(1);
  w.settle();
  ASSERT_TRUE(first->succeeded()) << first->error();
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 5; ++i) work.push_back(w.get("/" + std::to_string(i)));
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3, 5}));
  w.at(0).answer(5);
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3, 5, 7}));
  EXPECT_TRUE(work[1]->succeeded());
  // One that is given up makes room too, and one that waits can be given up.
  work[3]->chain.cancel();
  work[0]->chain.cancel();
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3, 5, 7, 9}));
  EXPECT_EQ(w.at(0).resets(), (std::map<std::uint32_t, std::uint32_t>{{3, cancel}}));
  w.at(0).answer(7, "third");
  w.at(0).answer(9, "fifth");
  w.settle();
  EXPECT_EQ(work[2]->value().content(), "third");
  EXPECT_EQ(work[4]->value().content(), "fifth");
  EXPECT_EQ(w.frames.size(), 1u);
}

// RFC 9113 §10.5.1.
TEST(http2_pool, a_request_larger_than_its_server_takes_is_refused_with_the_reason) {
  frame_world w;
  auto first = w.get("/");
  w.settle();
  w.at(0).send(frame::settings, 0, 0, big_endian(6, 2) + big_endian(1'000, 4));
  w.at(0).answer(1);
  w.settle();
  ASSERT_TRUE(first->succeeded()) << first->error();
  parley::request large(parley::method::get, "http://10.0.0.1/");
  large.header("Cookie", std::string(900, 'c'));
  auto refused = w.start(w.http.send(std::move(large), frame_world::http2()));
  w.settle();
  EXPECT_EQ(refused->error(),
            "the request's fields are larger than what 10.0.0.1 port 80 has announced to take (SETTINGS_MAX_HEADER_LIST_SIZE): "
            "send fewer or "
            "shorter ones");
  auto next = w.get("/next");
  w.settle();
  ASSERT_EQ(w.frames.size(), 1u) << "the connection is as good as before";
  w.at(0).answer(3);
  w.settle();
  EXPECT_TRUE(next->succeeded()) << next->error();
}

task<std::string> read_all(parley::client& http) {
  auto getting = http.get("http://10.0.0.1/", frame_world::http2().streamed());
  response got = co_await getting;
  auto reading = got.body().text(1000);
  std::string all = co_await reading;
  co_return all;
}

TEST(http2_pool, a_streamed_response_gives_its_place_back) {
  frame_world w(1);
  for (std::uint32_t id = 1; id < 12; id += 2) {
    auto reading = w.start(read_all(w.http));
    w.settle();
    ASSERT_EQ(w.at(0).requests().size(), (id + 1) / 2);
    w.at(0).answer(id, "whole before anybody reads");
    w.settle();
    ASSERT_TRUE(reading->succeeded()) << reading->error();
    EXPECT_EQ(reading->value(), "whole before anybody reads");
  }
}

TEST(http2_pool, a_server_that_raises_its_limit_gets_what_waits) {
  frame_world w(1);
  auto first = w.get("/");
  w.settle();
  w.at(0).answer(1);
  w.settle();
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 3; ++i) work.push_back(w.get("/" + std::to_string(i)));
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3}));
  w.at(0).begin(10);
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3, 5, 7}));
  for (auto& each : work) each->chain.cancel();
  w.settle();
}

TEST(http2_pool, idle_connections_close_after_their_time_and_busy_ones_do_not) {
  frame_world w;
  w.http.keep_alive(8, 5s);
  auto quick = w.get("/quick");
  auto slow = w.get("/slow");
  w.settle();
  w.at(0).answer(1);
  w.loop.run_for(6s);
  EXPECT_TRUE(quick->succeeded());
  EXPECT_FALSE(w.at(0).on().ended);
  w.at(0).answer(3);
  w.settle();
  EXPECT_TRUE(slow->succeeded()) << slow->error();
  w.loop.run_for(4900ms);
  EXPECT_FALSE(w.at(0).on().ended);
  w.loop.run_for(200ms);
  EXPECT_TRUE(w.at(0).on().ended);
}

// --- sent again -------------------------------------------------------------------------------------------------------------

TEST(http2_retry, what_a_server_refuses_is_sent_again_whatever_the_method) {
  frame_world w;
  auto posting = w.post("/customers");
  w.settle();
  w.at(0).reset(1, refused_stream);
  w.settle();
  ASSERT_EQ(w.frames.size(), 1u) << "its settings have come meanwhile, so the same connection will do";
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3}));
  w.at(0).reset(3, refused_stream);
  w.settle();
  ASSERT_EQ(w.frames.size(), 2u);
  EXPECT_EQ(w.at(1).requests(), (streams{1}));
  w.at(1).answer(1);
  w.settle();
  ASSERT_TRUE(posting->succeeded()) << posting->error();
  EXPECT_EQ(posting->value().content(), "hello");
}

TEST(http2_retry, but_not_for_ever) {
  frame_world w;
  auto posting = w.post("/customers");
  w.settle();
  w.at(0).reset(1, refused_stream);
  w.settle();
  w.at(0).reset(3, refused_stream);
  w.settle();
  w.at(1).reset(1, refused_stream);
  w.settle();
  EXPECT_EQ(w.frames.size(), 2u);
  EXPECT_EQ(posting->kind(), parley::fetch_error::kind::connection_lost);
  EXPECT_NE(posting->error().find("REFUSED_STREAM: it did nothing with the request"), std::string::npos) << posting->error();
}

TEST(http2_retry, what_a_goaway_leaves_out_goes_to_a_new_connection) {
  frame_world w;
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 4; ++i) work.push_back(w.post("/" + std::to_string(i)));
  w.settle();
  ASSERT_EQ(w.at(0).requests(), (streams{1, 3, 5, 7}));
  w.at(0).go_away(3);
  w.settle();
  ASSERT_EQ(w.frames.size(), 2u) << "one new connection for all";
  EXPECT_EQ(w.at(1).requests(), (streams{1, 3}));
  w.at(0).answer(1, "old");
  w.at(0).answer(3, "old");
  w.at(1).answer(1, "new");
  w.at(1).answer(3, "new");
  w.settle();
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(work[i]->succeeded()) << work[i]->error();
    EXPECT_EQ(work[i]->value().content(), i < 2 ? "old" : "new");
  }
  EXPECT_TRUE(w.at(0).on().ended) << "nothing is left to do on it";
  EXPECT_FALSE(w.at(1).on().ended);
}

TEST(http2_retry, a_server_that_ends_each_connection_after_a_few_requests_is_no_reason_to_give_up) {
  frame_world w;
  std::vector<std::unique_ptr<started<response>>> work;
  for (int i = 0; i < 10; ++i) work.push_back(w.post("/" + std::to_string(i)));
  for (std::size_t i = 0; i < 10; ++i) {
    w.settle();
    ASSERT_EQ(w.frames.size(), i + 1);
    w.at(i).answer(1);
    w.at(i).go_away(1);
  }
  w.settle();
  for (auto& each : work) EXPECT_TRUE(each->succeeded()) << each->error();
}

TEST(http2_retry, content_that_was_produced_is_not_sent_twice) {
  frame_world w;
  parley::request req(parley::method::post, "http://10.0.0.1/");
  req.stream([](parley::body_writer& to) -> task<> {
    auto writing = to.write("once");
    co_await writing;
  });
  auto posting = w.start(w.http.send(std::move(req), frame_world::http2()));
  w.settle();
  w.at(0).reset(1, refused_stream);
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (streams{1}));
  EXPECT_EQ(posting->kind(), parley::fetch_error::kind::connection_lost);
}

TEST(http2_retry, other_resets_are_told_and_cost_nobody_else_anything) {
  frame_world w;
  auto one = w.get("/one");
  auto other = w.get("/other");
  w.settle();
  w.at(0).reset(1, internal_error);
  w.settle();
  EXPECT_EQ(one->error(),
            "10.0.0.1 port 80 reset the exchange before it answered (INTERNAL_ERROR: something went wrong within the "
            "server; RFC 9113 §7)");
  w.at(0).answer(3);
  w.settle();
  EXPECT_TRUE(other->succeeded()) << other->error();
  auto third = w.get("/third");
  w.settle();
  EXPECT_EQ(w.at(0).requests(), (streams{1, 3, 5}));
  w.at(0).send(frame::headers, end_headers, 5, status_200);
  w.at(0).send(frame::data, 0, 5, "abc");
  w.at(0).reset(5, http_1_1_required);
  w.settle();
  EXPECT_NE(third->error().find("after 3 bytes of content, before the end (HTTP_1_1_REQUIRED"), std::string::npos)
      << third->error();
}

TEST(http2_retry, a_kept_connection_that_dies_is_replaced_for_what_can_be_repeated) {
  frame_world w;
  auto first = w.get("/");
  w.settle();
  w.at(0).answer(1);
  w.settle();
  ASSERT_TRUE(first->succeeded());
  auto again = w.get("/");
  auto unsafe = w.post("/");
  w.settle();
  w.at(0).on().abort();
  w.settle();
  ASSERT_EQ(w.frames.size(), 2u);
  w.at(1).answer(1);
  w.settle();
  EXPECT_TRUE(again->succeeded()) << again->error();
  EXPECT_EQ(unsafe->kind(), parley::fetch_error::kind::connection_lost) << "it may have been processed";
}

TEST(http2_retry, a_violation_names_its_section) {
  frame_world w;
  auto getting = w.get("/");
  w.settle();
  w.at(0).send(frame::data, 0, 0, "on stream 0");
  w.settle();
  EXPECT_EQ(getting->kind(), parley::fetch_error::kind::protocol);
  EXPECT_NE(getting->error().find("RFC 9113 §6"), std::string::npos) << getting->error();
}

// --- Upgrade: h2c -------------------------------------------------------------------------------------------------------------

const std::string upgrade_url = "http://10.0.0.1/";

TEST(http2_upgrade, a_server_that_takes_it_answers_in_http2) {
  world w;
  auto getting = w.start(w.http.get(upgrade_url, parley::options().upgrade()));
  auto waiting = w.start(w.http.get(upgrade_url + "next", parley::options().upgrade()));
  w.settle();
  ASSERT_EQ(w.server.peers.size(), 1u) << "one is enough until it is known whether it can be shared";
  peer& p = *w.server.peers[0];
  EXPECT_NE(p.received.find("\r\nUpgrade: h2c\r\n"), std::string::npos) << p.received;
  EXPECT_NE(p.received.find("\r\nHTTP2-Settings: AAIAAAAA\r\n"), std::string::npos) << p.received;
  EXPECT_NE(p.received.find("HTTP2-Settings"), std::string::npos);
  const std::size_t request = p.received.size();
  frame_peer frames(p);
  frames.skip(request + client_preface.size());
  p.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  frames.begin();
  frames.answer(1, "by HTTP/2");
  w.settle();
  ASSERT_TRUE(getting->succeeded()) << getting->error();
  EXPECT_EQ(getting->value().content(), "by HTTP/2");
  EXPECT_EQ(getting->value().version(), parley::http2);
  EXPECT_EQ(p.received.substr(request, client_preface.size()), client_preface);
  EXPECT_EQ(frames.requests(), (streams{3}));
  frames.answer(3, "too");
  w.settle();
  ASSERT_TRUE(waiting->succeeded()) << waiting->error();
  EXPECT_EQ(waiting->value().content(), "too");
}

TEST(http2_upgrade, a_server_that_does_not_is_asked_once_and_goes_on_as_http1) {
  world w;
  auto getting = w.start(w.http.get(upgrade_url, parley::options().upgrade()));
  auto waiting = w.start(w.http.get(upgrade_url + "next", parley::options().upgrade()));
  w.settle();
  ASSERT_EQ(w.server.peers.size(), 1u);
  w.server.peers[0]->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  w.settle();
  ASSERT_EQ(w.server.peers.size(), 2u) << "each has its own now";
  EXPECT_EQ(w.server.peers[1]->received.find("Upgrade"), std::string::npos) << w.server.peers[1]->received;
  w.server.peers[0]->send("hello");
  w.server.peers[1]->send(ok_hello);
  w.settle();
  EXPECT_TRUE(getting->succeeded()) << getting->error();
  EXPECT_TRUE(waiting->succeeded()) << waiting->error();
}

TEST(http2_upgrade, a_request_with_content_does_not_ask) {
  world w;
  w.server.answer_all(ok_hello);
  auto posting = w.run(w.http.post(upgrade_url, "content", "text/plain", parley::options().upgrade()));
  EXPECT_TRUE(posting->succeeded()) << posting->error();
  EXPECT_EQ(w.server.peers[0]->received.find("h2c"), std::string::npos);
}

}  // namespace
