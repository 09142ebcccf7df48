// Content that is collected on one HTTP/2 connection has a bound (limits::connection_content): what is beyond it waits, and nothing is
// refused.
#include "coding/decoded_source.hpp"
#include "coding/encoder.hpp"
#include "connection/message_access.hpp"
#include "memory_server.hpp"
#include "support/engine_peer.hpp"

#include <parley/limits.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using parley::limits;
using parley::request;
using parley::response;
using parley::task;
using parley::engine::stream_id;
using parley::testing::answered;
using parley::testing::asked;
using parley::testing::connect_in_memory;
using parley::testing::engine_peer;
using parley::testing::memory_server;

constexpr std::size_t large = 300'000;  // several windows

task<response> read_and_count(request& req) {
  auto reading = req.text();
  const std::string content = co_await reading;
  co_return parley::text(std::to_string(content.size()));
}

limits with_room_for(std::size_t contents) {
  limits caps;
  caps.connection_content = contents * large;
  return caps;
}

struct collecting_server : memory_server {
  explicit collecting_server(const limits& of) : memory_server(of) {
    plain("POST /plain", [](const request& req) { return parley::text(std::to_string(req.content().size())); });
    route("POST /text", read_and_count);
    plain("GET /", [](const request&) { return parley::text("hello"); });
  }
  engine_peer peer() { return engine_peer(*loop, connect_in_memory(*loop, 80), engine_peer::speaking_http2(*loop, client_caps)); }
  [[nodiscard]] std::uint64_t waited() const {
    const parley::server_room::counters* const all[] = {&worker->counted()};
    for (const auto& [name, value] : parley::server_room::counters::sum(all)) {
      if (name == "limit.connection_content") return value;
    }
    return 0;
  }
  limits client_caps;
};

struct http2_content : testing::TestWithParam<const char*> {
  static asked upload(const std::string& content = std::string(large, 'x'), bool chunked = false) {
    return {.method = "POST", .path = GetParam(), .content = content, .chunked = chunked};
  }
};
INSTANTIATE_TEST_SUITE_P(collected, http2_content, testing::Values("/plain", "/text"));

TEST_P(http2_content, what_has_no_room_waits_for_who_has_it) {
  collecting_server server(with_room_for(1));
  auto peer = server.peer();
  const stream_id first = peer.begin(upload());
  peer.send_data(first, std::string(large - 1, 'x'));
  server.loop->run_for(100ms);
  EXPECT_EQ(server.waited(), 0U);
  const stream_id second = peer.ask(upload());
  const stream_id third = peer.ask(upload());
  server.loop->run_for(1s);
  EXPECT_EQ(server.waited(), 2U);
  EXPECT_FALSE(peer.answers[second].whole || peer.answers[third].whole);
  EXPECT_EQ(peer.exchange({.path = "/"}).status, 200) << "all others go on";
  EXPECT_EQ(peer.exchange(upload("small")).content, "5") << "what is within its window is there, and need not wait";
  peer.send_data(first, "x");
  peer.send_end(first);
  server.loop->run_for(1s);
  for (const stream_id id : {first, second, third}) {
    EXPECT_EQ(peer.answers[id].status, 200) << id;
    EXPECT_EQ(peer.answers[id].content, std::to_string(large)) << id;
  }
  EXPECT_FALSE(peer.ended);
}

// Who waits must not take the connection's window from those who have room, or all would wait for ever.
TEST_P(http2_content, many_that_wait_hold_nobody_up) {
  collecting_server server(with_room_for(2));
  auto peer = server.peer();
  std::vector<stream_id> all;
  for (int i = 0; i < 100; ++i) all.push_back(peer.begin(upload(std::string(large, 'x'), i % 3 == 0)));
  for (const stream_id id : all) {
    peer.send_data(id, std::string(large, 'x'));
    peer.send_end(id);
  }
  server.loop->run_for(5s);
  EXPECT_GE(server.waited(), 90U);
  EXPECT_TRUE(std::ranges::all_of(all, [&](stream_id id) { return peer.answers[id].content == std::to_string(large); }));
}

// The one that everybody waits for leaves, and so do some of those that wait.
TEST_P(http2_content, who_leaves_gives_its_room_to_the_next) {
  collecting_server server(with_room_for(1));
  auto peer = server.peer();
  const stream_id first = peer.begin(upload());
  peer.send_data(first, std::string(100'000, 'x'));
  std::vector<stream_id> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(peer.ask(upload()));
  server.loop->run_for(1s);
  EXPECT_EQ(server.waited(), 4U);
  peer.reset(waiting[0]);
  peer.reset(waiting[2]);
  server.loop->run_for(1s);
  EXPECT_FALSE(peer.answers[waiting[1]].whole);
  peer.reset(first);
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[waiting[1]].content, std::to_string(large));
  EXPECT_EQ(peer.answers[waiting[3]].content, std::to_string(large));
  EXPECT_EQ(peer.exchange(upload()).content, std::to_string(large)) << "nothing was lost on the way";
  peer.abort();
  server.loop->run_for(1s);
}

// A connection that ends while some wait, in the midst of everything.
TEST_P(http2_content, a_connection_that_goes_takes_its_queue_along) {
  collecting_server server(with_room_for(1));
  {
    auto peer = server.peer();
    for (int i = 0; i < 5; ++i) peer.send_data(peer.begin(upload()), std::string(100'000, 'x'));
    server.loop->run_for(1s);
    EXPECT_EQ(server.waited(), 4U);
    peer.abort();
    server.loop->run_for(1s);
    EXPECT_EQ(server.worker->open_connections(), 0U);
  }
  auto next = server.peer();
  EXPECT_EQ(next.exchange(upload()).content, std::to_string(large));
}

TEST_P(http2_content, one_that_is_larger_than_the_room_still_has_its_turn) {
  limits caps;
  caps.connection_content = 1;
  collecting_server server(caps);
  auto peer = server.peer();
  std::vector<stream_id> all;
  for (int i = 0; i < 3; ++i) all.push_back(peer.ask(upload()));
  server.loop->run_for(1s);
  for (const stream_id id : all) EXPECT_EQ(peer.answers[id].content, std::to_string(large)) << id;
}

// Content that turns out too large while it waits is refused as ever.
TEST_P(http2_content, too_large_is_too_large_also_in_the_queue) {
  limits caps = with_room_for(1);
  caps.content = large;
  collecting_server server(caps);
  auto peer = server.peer();
  const stream_id first = peer.begin(upload());
  const stream_id second = peer.begin(upload(std::string(large + 1, 'x'), true));
  peer.send_data(second, std::string(large + 1, 'x'));
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[second].status, 0);
  peer.send_data(first, std::string(large, 'x'));
  peer.send_end(first);
  server.loop->run_for(1s);
  EXPECT_EQ(peer.answers[first].status, 200);
  EXPECT_EQ(peer.answers[second].status, 413);
}

// Some hundred bytes may be what a large content is in a coding: its place is for what comes of them.
TEST(http2_content_in_a_coding, has_a_place_for_what_is_decoded) {
  namespace coding = parley::coding;
  collecting_server server(with_room_for(1));
  server.route("POST /coded", [](request& req) -> task<response> {
    using access = parley::detail::request_access;
    access::own_source(req, std::make_unique<coding::decoded_source>(
                                access::source(req), nullptr, std::vector{coding::content_coding::gzip}, coding::decoder_caps(),
                                [](const coding::decode_error&) { return std::exception_ptr(); }));
    auto reading = req.text();
    const std::string content = co_await reading;
    co_return parley::text(std::to_string(content.size()));
  });
  auto peer = server.peer();
  const std::string coded = coding::encode_whole(coding::content_coding::gzip, std::string(large, 'x'));
  ASSERT_LT(coded.size(), 1000U);
  const asked upload{.method = "POST", .path = "/coded", .content = coded};
  const stream_id first = peer.begin(upload);
  const stream_id second = peer.begin(upload);
  for (const stream_id id : {first, second}) peer.send_data(id, coded.substr(0, 100));
  server.loop->run_for(100ms);
  EXPECT_EQ(server.waited(), 1U);
  for (const stream_id id : {first, second}) {
    peer.send_data(id, coded.substr(100));
    peer.send_end(id);
  }
  server.loop->run_for(1s);
  for (const stream_id id : {first, second}) EXPECT_EQ(peer.answers[id].content, std::to_string(large)) << id;
}

}  // namespace
