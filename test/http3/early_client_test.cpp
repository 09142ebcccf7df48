// Early data at the client (RFC 8470): only what is safe, and nothing is lost where it is refused or nobody answers.
#include "client_world.hpp"

#include <gtest/gtest.h>

namespace http3_tests {
namespace {

using parley::server_room::count;

struct early_world : client_world {
  explicit early_world(const parley::limits& caps = {}) : client_world(serves::both, caps) {
    const auto tell = [](const parley::request& req) {
      return parley::text((req.early_data() ? "early " : "late ") + std::string(req.method().name()) + std::string(req.content()));
    };
    to.plain("GET /when", tell);
    to.plain("POST /when", tell);
    to.plain("GET /fussy", [this](const parley::request& req) {
      ++fussy;
      if (req.early_data()) return parley::text("too early").status(425);
      return parley::text("in time");
    });
    to.loop->weather().delay = 20ms;
    to.loop->default_link().delay = 20ms;
    http.keep_alive(8, 1s);
    http.observe(&log);
  }
  /// Speaks with the server, and closes the connection again.
  void visit() {
    EXPECT_EQ(get(when, only_http3()), "late GET");
    to.loop->run_for(3s);
    log.lines.clear();
  }
  std::chrono::nanoseconds taken(const std::function<void()>& work) {
    const auto begin = to.loop->now();
    work();
    return to.loop->now() - begin;
  }
  const std::string when = site_url + "when";
  int fussy = 0;
};

parley::options early() { return only_http3().early_data(); }

TEST(http3_early_client, goes_with_the_first_packet_where_the_server_is_known) {
  early_world w;
  EXPECT_EQ(w.get(w.when, early()), "late GET") << "nobody was there before";
  w.to.loop->run_for(3s);
  w.log.lines.clear();
  EXPECT_LE(w.taken([&] { EXPECT_EQ(w.get(w.when, early()), "early GET"); }), 60ms) << "one round trip";
  EXPECT_EQ(w.log.lines.back(), "settled h3 resumed early data accepted");
  EXPECT_EQ(w.get(w.when, early()), "late GET") << "on the connection that is there";
  EXPECT_EQ(w.to.counted(count::requests_early), 1U);
}

// A ticket is used once: at an address where nobody is it would be spent for nothing.
TEST(http3_early_client, goes_to_the_address_where_the_server_was) {
  early_world w;
  w.to.loop->add_name("a.example", {"127.0.0.2", "127.0.0.1"});
  w.visit();
  EXPECT_LE(w.taken([&] { EXPECT_EQ(w.get(w.when, early()), "early GET"); }), 60ms);
  EXPECT_EQ(w.log.lines.front(), "udp 127.0.0.1:443 begins");
}

TEST(http3_early_client, who_ends_soon_can_wait_for_the_next_ticket) {
  early_world w;
  auto got = w.start(w.http.get(w.when, early()));
  w.settle();
  auto waiting = w.start(w.http.resumable(10s));
  w.finish(*waiting);
  ASSERT_TRUE(waiting->succeeded()) << waiting->error();
  EXPECT_TRUE(waiting->value());
  w.finish(*got);
  auto again = w.run(w.http.resumable(10s));
  EXPECT_TRUE(again->value()) << "it is there";
}

TEST(http3_early_client, nobody_waits_for_a_ticket_for_ever) {
  early_world w;
  w.to.loop->weather().loss = 1;
  auto got = w.start(w.http.get(w.when, early()));
  w.settle();
  const auto time = w.taken([&] {
    auto waiting = w.run(w.http.resumable(1s));
    ASSERT_TRUE(waiting->succeeded()) << waiting->error();
    EXPECT_FALSE(waiting->value());
  });
  EXPECT_LE(time, 1100ms);
  got->chain.cancel();
  w.finish(*got);
}

TEST(http3_early_client, not_unless_it_is_asked_for) {
  early_world w;
  w.visit();
  EXPECT_GE(w.taken([&] { EXPECT_EQ(w.get(w.when, only_http3()), "late GET"); }), 80ms);
  EXPECT_EQ(w.log.lines[1], "settled h3 resumed");
}

TEST(http3_early_client, only_safe_requests_without_content_go) {
  early_world w;
  w.visit();
  auto post = w.run(w.http.post(w.when, "!", "text/plain", early()));
  ASSERT_TRUE(post->succeeded()) << post->error();
  EXPECT_EQ(post->value().content(), "late POST!");
  w.to.loop->run_for(3s);
  parley::request with_content(parley::method::get, w.when);
  with_content.content("?", "text/plain");
  auto got = w.run(w.http.send(std::move(with_content), early()));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().content(), "late GET?");
  EXPECT_EQ(w.to.counted(count::requests_early), 0U);
}

TEST(http3_early_client, what_must_not_be_early_waits_for_the_handshake_of_what_is) {
  early_world w;
  w.visit();
  auto first = w.start(w.http.get(w.when, early()));
  auto second = w.start(w.http.get(w.when, early()));
  auto post = w.start(w.http.post(w.when, "!", "text/plain", only_http3()));
  for (auto* each : {&first, &second, &post}) {
    w.finish(**each);
    ASSERT_TRUE((*each)->succeeded()) << (*each)->error();
  }
  EXPECT_EQ(first->value().content(), "early GET");
  EXPECT_EQ(second->value().content(), "early GET");
  EXPECT_EQ(post->value().content(), "late POST!");
  EXPECT_EQ(w.to.counted(count::connections_http3), 2U) << "with the first visit's";
}

TEST(http3_early_client, what_the_server_refuses_goes_again_by_itself) {
  parley::limits caps;
  caps.early_data_replays = 1;
  early_world w(caps);
  w.visit();
  EXPECT_EQ(w.get(w.when, early()), "early GET");
  w.to.loop->run_for(3s);
  w.log.lines.clear();
  EXPECT_EQ(w.get(w.when, early()), "late GET");
  EXPECT_EQ(w.log.lines.back(), "settled h3 resumed early data refused");
  EXPECT_EQ(w.to.counted(count::requests_early), 1U);
}

// A server that restarts with fewer streams than its clients remember, and with other keys, so that it takes none of their early data.
TEST(http3_early_client, what_a_server_of_fewer_streams_refuses_goes_again_as_they_are_granted) {
  parley::limits few;
  few.streams = 2;
  site before;
  site after(few, &before);
  for (site* const to : {&before, &after}) {
    to->plain("GET /", [](const parley::request& req) { return parley::text(req.early_data() ? "early" : "late"); });
    to->start();
    to->loop->weather() = {.delay = 20ms, .jitter = 0ms, .loss = 0};
  }
  const auto credentials = before.trusting();
  asked what;
  what.path = "/";
  what.scheme = "https";
  {
    http3_tests::client first(before, credentials);
    EXPECT_EQ(first.exchange(what).content, "late");
    before.loop->run_for(1s);
  }
  http3_tests::client peer(after, credentials, false, true);
  std::vector<http3_tests::client::call*> calls;
  for (int i = 0; i < 12; ++i) {
    calls.push_back(peer.ask(what));
    ASSERT_NE(calls.back(), nullptr) << i;
  }
  // One is given up before it has a stream, when nothing is known of the refusal yet; one when it is.
  peer.made->reset(*calls[4]);
  after.loop->run_for(60ms);
  ASSERT_TRUE(peer.outcome && peer.outcome->done);
  peer.made->reset(*calls[9]);
  const auto begin = after.loop->now();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (i == 4 || i == 9) continue;
    peer.run_until([&] { return calls[i]->finished; });
    EXPECT_EQ(calls[i]->answer.content, "late") << i;
  }
  EXPECT_LT(after.loop->now() - begin, 2s);
  EXPECT_EQ(peer.exchange(what).content, "late") << "and the connection is as good as ever";
  EXPECT_EQ(after.counted(count::requests_early), 0U);
}

TEST(http3_early_client, what_is_too_early_for_the_server_goes_again_once) {
  early_world w;
  w.visit();
  EXPECT_EQ(w.get(site_url + "fussy", early()), "in time");
  EXPECT_EQ(w.fussy, 2);
  EXPECT_EQ(w.to.counted(count::connections_http3), 2U) << "on the same connection";
}

TEST(http3_early_client, nothing_is_lost_where_nobody_answers_any_more) {
  early_world w;
  EXPECT_EQ(w.get(site_url, http3_first()), "HTTP/3");
  w.to.loop->run_for(3s);
  w.to.loop->weather().loss = 1;
  const auto time = w.taken([&] { EXPECT_EQ(w.get(site_url, http3_first().early_data()), "HTTP/2"); });
  EXPECT_GE(time, 500ms) << "250 ms for an answer, and once more before TCP begins";
  EXPECT_LE(time, 700ms);
  auto alone = w.run(w.http.get(site_url, early()));
  EXPECT_NE(alone->error().find("no answer over UDP"), std::string::npos) << alone->error();
}

TEST(http3_early_client, comes_through_loss) {
  early_world w;
  w.visit();
  for (unsigned seed = 1; seed <= 20; ++seed) {
    w.to.loop->seed_weather(seed);
    w.to.loop->weather().loss = 0.3;
    auto got = w.run(w.http.get(w.when, early()));
    EXPECT_TRUE(got->succeeded()) << seed << ": " << got->error();
    w.to.loop->weather().loss = 0;
    w.to.loop->run_for(3s);
  }
}

TEST(http3_early_client, can_be_cancelled_at_any_time) {
  for (const auto after : {0ms, 5ms, 30ms, 45ms, 100ms, 260ms, 600ms}) {
    early_world w;
    w.visit();
    if (after > 45ms) w.to.loop->weather().loss = 1;
    auto work = w.start(w.http.get(site_url + "slow", http3_first().early_data()));
    w.settle();
    w.to.loop->run_for(after);
    work->chain.cancel();
    w.finish(*work);
    EXPECT_EQ(work->error(), "cancelled") << after.count();
  }
}

}  // namespace
}  // namespace http3_tests
