// Our client over HTTP/3: how it gets there, how it falls back, what it says when it cannot.
#include "client_world.hpp"

#include <gtest/gtest.h>

namespace http3_tests {
namespace {

using parley::fetch_error;
using parley::server_room::count;
using serves = client_world::serves;

TEST(http3_client, speaks_http3_alone_when_asked_to) {
  client_world w;
  auto got = w.run(w.http.get(site_url, only_http3()));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().content(), "HTTP/3");
  EXPECT_EQ(got->value().version(), parley::http3);
  EXPECT_EQ(w.to.counted(count::requests_http3), 1U);
  EXPECT_EQ(w.log.lines, (std::vector<std::string>{"udp 127.0.0.1:443 begins", "settled h3", "udp 127.0.0.1:443 done"}));
}

TEST(http3_client, carries_content_both_ways_through_loss) {
  client_world w;
  w.to.loop->weather() = {.delay = 20ms, .jitter = 5ms, .loss = 0.1};
  const std::string content(300'000, 'c');
  auto got = w.run(w.http.post(site_url, content, "text/plain", only_http3()));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().content(), content + " by HTTP/3");
}

TEST(http3_client, many_requests_share_one_connection) {
  client_world w;
  std::vector<std::unique_ptr<started<parley::response>>> all;
  for (int i = 0; i < 150; ++i) all.push_back(w.start(w.http.get(site_url + "slow", only_http3())));
  for (auto& each : all) {
    w.finish(*each);
    ASSERT_TRUE(each->succeeded()) << each->error();
    EXPECT_EQ(each->value().content(), "slow HTTP/3");
  }
  EXPECT_EQ(w.to.counted(count::connections_http3), 1U) << "more than the server takes at once wait for their turn";
}

TEST(http3_client, alone_it_fails_where_nobody_answers) {
  client_world w(serves::tcp_only);
  auto got = w.run(w.http.get(site_url, only_http3()));
  EXPECT_EQ(got->kind(), fetch_error::kind::connect);
  EXPECT_EQ(got->error(),
            "no HTTP/3 with a.example port 443: no answer over UDP (is it blocked on the way, or no HTTP/3 there?); leave "
            "the version out for HTTP/2 and 1.1 over TCP");
  EXPECT_EQ(w.to.counted(count::connections_accepted), 0U);
}

TEST(http3_client, tried_first_it_is_used_where_it_is) {
  client_world w;
  EXPECT_EQ(w.get(site_url, http3_first()), "HTTP/3");
  EXPECT_EQ(w.get(site_url, http3_first()), "HTTP/3");
  EXPECT_EQ(w.to.counted(count::connections_accepted), 1U) << "TCP was not needed";
}

TEST(http3_client, tcp_is_tried_after_a_short_while_and_wins_where_udp_is_blocked) {
  client_world w(serves::tcp_only);
  const auto begin = w.to.loop->now();
  EXPECT_EQ(w.get(site_url, http3_first()), "HTTP/2");
  EXPECT_GE(w.to.loop->now() - begin, 250ms);
  EXPECT_LE(w.to.loop->now() - begin, 260ms);
  EXPECT_EQ(w.log.lines, (std::vector<std::string>{"udp 127.0.0.1:443 begins", "tcp 127.0.0.1:443 begins", "tcp 127.0.0.1:443 done",
                                                   "settled h2", "udp 127.0.0.1:443 failed: given up"}));
}

TEST(http3_client, tcp_is_tried_but_quic_wins_where_it_is_only_slow) {
  client_world w;
  w.to.loop->weather().delay = 150ms;
  w.to.loop->default_link().delay = 2s;
  EXPECT_EQ(w.get(site_url, http3_first()), "HTTP/3");
  EXPECT_EQ(w.log.lines, (std::vector<std::string>{"udp 127.0.0.1:443 begins", "tcp 127.0.0.1:443 begins", "settled h3",
                                                   "udp 127.0.0.1:443 done", "tcp 127.0.0.1:443 failed: given up"}));
  EXPECT_EQ(w.to.counted(count::requests_http2), 0U);
}

TEST(http3_client, both_reasons_are_told_where_neither_works) {
  client_world w;
  w.to.loop->add_name("b.example", {"10.9.9.9"});
  auto got = w.run(w.http.get("https://b.example/", http3_first().connect_timeout(40s)));
  EXPECT_EQ(got->kind(), fetch_error::kind::connect);
  EXPECT_EQ(
      got->error(),
      "cannot connect to b.example port 443: connection refused (is the server running?); over UDP (HTTP/3): no answer over UDP "
      "(is it blocked on the way, or no HTTP/3 there?)");
}

TEST(http3_client, addresses_are_tried_one_after_the_other) {
  client_world w;
  w.to.loop->add_name("a.example", {"10.9.9.9", "127.0.0.1"});
  const auto begin = w.to.loop->now();
  EXPECT_EQ(w.get(site_url, only_http3()), "HTTP/3");
  EXPECT_LE(w.to.loop->now() - begin, 260ms);
  EXPECT_EQ(w.log.lines, (std::vector<std::string>{"udp 10.9.9.9:443 begins", "udp 127.0.0.1:443 begins", "settled h3",
                                                   "udp 127.0.0.1:443 done", "udp 10.9.9.9:443 failed: given up"}));
}

TEST(http3_client, believes_nobody_without_a_certificate_for_the_name) {
  client_world w;
  w.to.loop->add_name("other.example", {"127.0.0.1"});
  for (const auto& how : {only_http3(), http3_first()}) {
    auto got = w.run(w.http.get("https://other.example/", how));
    EXPECT_EQ(got->kind(), fetch_error::kind::certificate);
    EXPECT_NE(got->error().find("cannot trust other.example port 443: "), std::string::npos) << got->error();
    EXPECT_EQ(got->error().find("over UDP"), std::string::npos) << "the same is said once: " << got->error();
  }
  EXPECT_EQ(w.get("https://other.example/", only_http3().insecure()), "HTTP/3");
}

// RFC 9114 §5.1: the connection is kept open while a response is outstanding, and only then.
TEST(http3_client, waits_for_an_answer_for_longer_than_a_connection_may_idle) {
  parley::limits caps;
  caps.quic_idle_time = 2s;
  client_world w(serves::both, caps);
  EXPECT_EQ(w.get(site_url + "slow", only_http3()), "slow HTTP/3") << "after 5 s";
  EXPECT_EQ(w.to.counted(count::connections_http3), 1U);
  w.to.loop->run_for(10s);
  EXPECT_EQ(w.to.worker->open_connections(), 0U);
}

TEST(http3_client, gives_up_in_time) {
  client_world w(serves::tcp_only);
  auto got = w.run(w.http.get(site_url, only_http3().connect_timeout(2s)));
  EXPECT_EQ(got->error(),
            "gave up after 2 s while connecting over UDP (QUIC) to a.example port 443 (a longer connect_timeout may help)");
}

// Nobody is there by TCP, and by UDP nobody says anything: both are told, and nobody waits for as long as a connection may take.
TEST(http3_client, ends_soon_where_neither_way_leads_there) {
  client_world w;
  w.to.loop->add_name("nobody.example", {"127.0.0.2"});
  const auto begin = w.to.loop->now();
  auto got = w.run(w.http.get("https://nobody.example/", http3_first()));
  EXPECT_EQ(got->error(),
            "cannot connect to nobody.example port 443: connection refused (is the server running?); over UDP (HTTP/3): no answer "
            "over UDP (is it blocked on the way, or no HTTP/3 there?)");
  EXPECT_GE(w.to.loop->now() - begin, 5s) << "a lost packet does not make the difference";
  EXPECT_LE(w.to.loop->now() - begin, 6s);
  auto sooner = w.run(w.http.get("https://nobody.example/", http3_first().connect_timeout(2s)));
  EXPECT_EQ(
      sooner->error(),
      "gave up after 2 s while connecting over UDP (QUIC) to nobody.example port 443; cannot connect to nobody.example port 443: "
      "connection refused (is the server running?) (a longer connect_timeout may help)");
}

TEST(http3_client, can_be_cancelled_at_any_time) {
  for (const auto after : {0ms, 5ms, 30ms, 100ms, 260ms, 290ms, 340ms, 600ms}) {
    client_world w;
    w.to.loop->weather().delay = 25ms;
    w.to.loop->default_link().delay = 25ms;
    if (after > 100ms) w.to.loop->weather().loss = 1;
    auto work = w.start(w.http.get(site_url + "slow", http3_first()));
    w.settle();
    w.to.loop->run_for(after);
    work->chain.cancel();
    w.finish(*work);
    EXPECT_EQ(work->error(), "cancelled") << after.count();
  }
}

TEST(http3_client, what_cannot_be_http3_is_said) {
  client_world w;
  const auto said = [&](const std::string& url, parley::options how) {
    auto got = w.run(w.http.get(url, std::move(how)));
    EXPECT_EQ(got->kind(), fetch_error::kind::not_supported);
    return got->error();
  };
  EXPECT_EQ(said("http://a.example/", only_http3()),
            "HTTP/3 is spoken over https only: write https://a.example, or leave the version out");
  EXPECT_EQ(said(site_url, only_http3().unix_socket("/run/x.sock")),
            "HTTP/3 is spoken over UDP, not over a Unix socket: leave one of them out");
}

TEST(http3_client, requests_that_a_leaving_server_did_not_take_up_go_again) {
  parley::limits caps;
  caps.requests_per_connection = 2;
  caps.linger_time = 1ms;  // its first GOAWAY takes all, and the next one, which says where it ended, comes right behind
  client_world w(serves::both, caps);
  w.to.loop->weather().delay = 20ms;
  // GOAWAY meets those that are on their way. A POST may not be sent twice, unless nothing was done with it.
  std::vector<std::unique_ptr<started<parley::response>>> all;
  EXPECT_EQ(w.get(site_url, only_http3()), "HTTP/3");
  for (int i = 0; i < 9; ++i) {
    all.push_back(w.start(w.http.post(site_url, std::to_string(i), "text/plain", only_http3())));
    w.to.loop->run_for(10ms);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    w.finish(*all[i]);
    ASSERT_TRUE(all[i]->succeeded()) << all[i]->error();
    EXPECT_EQ(all[i]->value().content(), std::to_string(i) + " by HTTP/3");
  }
  EXPECT_EQ(w.to.counted(count::connections_http3), 2U);
  EXPECT_GT(w.log.requests, 10U) << "some went twice";
  EXPECT_EQ(w.to.counted(count::requests_http3), 10U) << "each was answered once";
}

}  // namespace
}  // namespace http3_tests
