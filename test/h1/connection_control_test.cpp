// Deadlines with made-up times, closing and giving up.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

using engine::content_length;
using namespace std::chrono_literals;

const limits& timed() {
  static const limits caps = [] {
    limits l;
    l.head_time = 10s;
    l.idle_time = 60s;
    l.stall_time = 30s;
    l.receive_rate = l.send_rate = 0;
    l.discard_time = 5s;
    return l;
  }();
  return caps;
}

std::string refused(tester& t) {
  t.drain();
  return t.engine.error() ? std::string(t.engine.error()->name) + " " + std::string(t.engine.error()->limit) : "";
}

TEST(h1_time, a_head_must_be_whole_in_time) {
  tester t(engine::role::server, timed());
  answer_all(t);
  EXPECT_EQ(t.engine.deadline(), epoch + 10s) << "from the opening";
  t.now = epoch + 3s;
  t.feed("GET /");
  EXPECT_EQ(t.engine.deadline(), epoch + 13s) << "from the first byte";
  t.now = epoch + 9s;
  t.feed(" HTTP/1.1\r\n");
  t.engine.expired(epoch + 12s);
  EXPECT_FALSE(t.engine.error());
  t.engine.expired(epoch + 13s);
  EXPECT_EQ(refused(t), "head-timeout head_time");
  EXPECT_TRUE(t.sent().starts_with("HTTP/1.1 408 ")) << t.log;
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h1_time, an_opened_connection_that_says_nothing) {
  tester t(engine::role::server, timed());
  answer_all(t);
  t.feed("\r\n");
  t.engine.expired(epoch + 10s);
  EXPECT_EQ(refused(t), "head-timeout head_time");
}

TEST(h1_time, an_idle_connection_closes_without_a_word) {
  tester t(engine::role::server, timed());
  answer_all(t);
  t.now = epoch + 5s;
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  (void)t.sent();
  EXPECT_TRUE(t.engine.idle());
  EXPECT_EQ(t.engine.deadline(), epoch + 65s);
  t.log.clear();
  t.engine.expired(epoch + 65s);
  t.drain();
  EXPECT_EQ(t.log, "");
  EXPECT_FALSE(t.engine.error());
  EXPECT_TRUE(t.engine.wants_close());
  EXPECT_TRUE(t.engine.ended());
  EXPECT_FALSE(t.engine.deadline());
}

TEST(h1_time, content_must_come_on) {
  tester t(engine::role::server, timed());
  answer_all(t);
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(t.engine.deadline(), epoch + 30s);
  t.now = epoch + 20s;
  t.feed("abc");
  EXPECT_EQ(t.engine.deadline(), epoch + 50s);
  t.engine.expired(epoch + 30s);
  EXPECT_FALSE(t.engine.error());
  t.engine.expired(epoch + 50s);
  EXPECT_EQ(refused(t), "content-timeout stall_time");
  EXPECT_TRUE(t.sent().starts_with("HTTP/1.1 408 "));
}

TEST(h1_time, lines_between_chunks_are_no_progress) {
  tester t(engine::role::server, timed());
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
  for (int i = 1; i < 30; ++i) {
    t.now = epoch + std::chrono::seconds(i);
    t.feed("a");
  }
  t.engine.expired(epoch + 30s);
  EXPECT_EQ(refused(t), "content-timeout stall_time");
}

TEST(h1_time, an_application_that_lags_costs_the_peer_nothing) {
  limits caps = timed();
  caps.receive_window = 3;
  tester t(engine::role::server, caps);
  t.return_credit = false;
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_FALSE(t.engine.deadline());
  t.engine.consume(1, 3);  // at a time that the engine is not told
  ASSERT_TRUE(t.engine.deadline());
  t.engine.expired(epoch + 100s);
  EXPECT_FALSE(t.engine.error()) << "the clock starts only now";
  EXPECT_EQ(t.engine.deadline(), epoch + 130s);
  t.engine.expired(epoch + 130s);
  EXPECT_EQ(refused(t), "content-timeout stall_time");
}

TEST(h1_time, who_waits_for_a_100_is_not_late) {
  tester t(engine::role::server, timed());
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_FALSE(t.engine.deadline());
  ASSERT_TRUE(t.engine.send_response(1, response(100), content_length::no_content(), epoch + 50s));
  EXPECT_EQ(t.sent(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(t.engine.deadline(), epoch + 80s);
}

TEST(h1_time, a_peer_that_takes_nothing) {
  tester t(engine::role::server, timed());
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(t.engine.deadline()) << "the application thinks";
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(10), epoch + 40s));
  EXPECT_EQ(t.engine.deadline(), epoch + 70s);
  t.engine.written(1, epoch + 60s);
  EXPECT_EQ(t.engine.deadline(), epoch + 90s);
  t.log.clear();
  t.engine.expired(epoch + 90s);
  EXPECT_EQ(refused(t), "send-timeout stall_time");
  EXPECT_EQ(t.log, "reset 1 0 send-timeout\n");
  EXPECT_FALSE(t.engine.has_output());
  EXPECT_TRUE(t.engine.ended()) << "nothing can be said to it";
}

TEST(h1_time, content_that_is_dropped_must_come_too) {
  tester t(engine::role::server, timed());
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), epoch + 5s));
  (void)t.sent();
  t.now = epoch + 9s;
  t.feed("abc");
  EXPECT_EQ(t.engine.deadline(), epoch + 10s) << "in all, whatever comes";
  t.log.clear();
  t.engine.expired(epoch + 10s);
  EXPECT_EQ(refused(t), "drain-timeout discard_time");
  EXPECT_EQ(t.log, "") << "the exchange was over for the application";
  EXPECT_TRUE(t.engine.wants_close());
}

// --- rates: `stall_time` in store, and each byte buys the time that it takes ----------------------------------------------------

limits with_rates() {
  limits caps = timed();
  caps.receive_rate = caps.send_rate = 100;
  return caps;
}

TEST(h1_rates, content_that_comes_too_slowly) {
  const limits caps = with_rates();
  tester t(engine::role::server, caps);
  answer_all(t);
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(t.engine.deadline(), epoch + 30s);
  int second = 0;
  while (!t.engine.error() && ++second < 1000) {
    t.now = epoch + std::chrono::seconds(second);
    t.engine.expired(t.now);
    t.feed(std::string(50, 'x'));  // half of what is wanted: the store lasts twice as long
  }
  EXPECT_EQ(refused(t), "content-too-slow receive_rate");
  EXPECT_NEAR(second, 60, 1);
  EXPECT_TRUE(t.sent().starts_with("HTTP/1.1 408 "));
}

TEST(h1_rates, content_at_the_rate_comes_for_ever_and_may_pause) {
  const limits caps = with_rates();
  tester t(engine::role::server, caps);
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  int second = 0;
  while (!t.engine.error() && second < 1000) {
    t.now = epoch + std::chrono::seconds(second += 10);
    t.engine.expired(t.now);
    t.feed(std::string(1000, 'x'));
  }
  EXPECT_EQ(refused(t), "");
  t.feed(std::string(100'000, 'x'));
  EXPECT_EQ(t.engine.deadline(), t.now + 30s) << "no more than stall_time is ever in store";
  t.engine.expired(t.now + 30s);
  EXPECT_EQ(refused(t), "content-timeout stall_time") << "no byte at all is another reason";
}

TEST(h1_rates, a_peer_that_takes_too_little) {
  const limits caps = with_rates();
  tester t(engine::role::server, caps);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(100'000), epoch));
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::owned{std::string(100'000, 'x')}}, epoch));
  int second = 0;
  while (!t.engine.error() && ++second < 1000) {
    t.now = epoch + std::chrono::seconds(second);
    t.engine.expired(t.now);
    if (t.engine.has_output()) t.engine.written(1, t.now);
  }
  EXPECT_EQ(refused(t), "send-too-slow send_rate");
  EXPECT_NEAR(second, 31, 1);
  EXPECT_TRUE(t.engine.ended());
}

TEST(h1_rates, what_the_system_delivers_counts) {
  const limits caps = with_rates();
  tester t(engine::role::server, caps);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(100'000), epoch));
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::owned{std::string(100'000, 'x')}}, epoch));
  for (int second = 0; second < 1000; second += 20) {
    t.now = epoch + std::chrono::seconds(second);
    t.engine.delivered(3000, t.now);
    t.engine.expired(t.now);
    ASSERT_FALSE(t.engine.error()) << second;
  }
}

TEST(h1_rates, what_the_system_delivers_too_slowly_does_not) {
  const limits caps = with_rates();
  tester t(engine::role::server, caps);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(100'000), epoch));
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::owned{std::string(100'000, 'x')}}, epoch));
  int second = 0;
  while (!t.engine.error() && (second += 10) < 1000) {
    t.now = epoch + std::chrono::seconds(second);
    t.engine.delivered(10, t.now);
    t.engine.expired(t.now);
  }
  EXPECT_EQ(refused(t), "send-too-slow send_rate");
  EXPECT_LE(second, 40);
}

TEST(h1_rates, are_a_servers_defence) {
  const limits caps = with_rates();
  tester t(engine::role::client, caps);
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch));
  (void)t.sent();
  t.feed("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  for (int second = 0; second < 1000; second += 20) {
    t.now = epoch + std::chrono::seconds(second);
    t.engine.expired(t.now);
    t.feed("x");
    ASSERT_FALSE(t.engine.error()) << second;
  }
}

TEST(h1_time, client) {
  tester t(engine::role::client, timed());
  EXPECT_EQ(t.engine.deadline(), epoch + 60s) << "idle";
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch));
  EXPECT_EQ(t.engine.deadline(), epoch + 30s) << "the server must take the request";
  (void)t.sent();
  EXPECT_FALSE(t.engine.deadline()) << "how long to wait for a response, the application knows";
  t.now = epoch + 100s;
  t.feed("HTTP/1.1 2");
  EXPECT_EQ(t.engine.deadline(), epoch + 110s);
  t.engine.expired(epoch + 110s);
  t.drain();
  EXPECT_EQ(t.log, "reset 1 502 head-timeout\n");
  EXPECT_TRUE(t.engine.ended());
}

TEST(h1_control, a_graceful_close_when_idle) {
  for (const auto role : {engine::role::server, engine::role::client}) {
    tester t(role);
    t.engine.close_gracefully(epoch);
    EXPECT_TRUE(t.engine.wants_close());
    EXPECT_FALSE(t.engine.can_send_request());
  }
}

TEST(h1_control, a_graceful_close_finishes_what_runs) {
  tester t(engine::role::server);
  t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  t.engine.close_gracefully(epoch);
  EXPECT_FALSE(t.engine.wants_close());
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), epoch));
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(t.engine.wants_close());
  EXPECT_FALSE(t.engine.ended()) << "it waits for the client's end";
  t.eof();
  EXPECT_TRUE(t.engine.ended());
}

TEST(h1_control, a_graceful_close_within_a_head) {
  tester t(engine::role::server);
  answer_all(t);
  t.feed("GET / HTTP/1.1\r\n");
  t.engine.close_gracefully(epoch);
  EXPECT_FALSE(t.engine.wants_close());
  t.feed("Host: a\r\n\r\n");
  EXPECT_EQ(t.sent(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(h1_control, a_client_closes_when_its_responses_have_come) {
  tester t(engine::role::client);
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch));
  (void)t.sent();
  t.engine.close_gracefully(epoch);
  EXPECT_FALSE(t.engine.wants_close());
  t.feed("HTTP/1.1 204 x\r\n\r\n");
  EXPECT_EQ(t.log, "response 1 204 x HTTP/1.1 | end\n");
  EXPECT_TRUE(t.engine.ended());
}

TEST(h1_control, reset) {
  const auto server = [](std::string_view version, content_length length) {
    auto t = std::make_unique<tester>(engine::role::server);
    t->feed("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(t->engine.send_response(1, response(200), length, epoch));
    EXPECT_TRUE(t->engine.send_data(1, {engine::chunk::view{"abc"}}, epoch));
    t->engine.reset(1, epoch);
    t->drain();
    EXPECT_TRUE(t->log.ends_with("end\n")) << "no event follows the own command";
    EXPECT_TRUE(t->engine.wants_close());
    EXPECT_EQ(t->engine.send_data(1, {engine::chunk::view{"abc"}}, epoch).error(), engine::misuse::closing);
    return t;
  };
  auto chunked = server("HTTP/1.1", content_length::stream());
  EXPECT_TRUE(chunked->engine.has_output()) << "the client sees that the last chunk is missing";
  auto length = server("HTTP/1.1", content_length::of(10));
  EXPECT_TRUE(length->engine.has_output());
  auto close = server("HTTP/1.0", content_length::stream());
  EXPECT_FALSE(close->engine.has_output()) << "its end would look like the content's";
  EXPECT_TRUE(close->engine.ended());

  tester client(engine::role::client);
  ASSERT_TRUE(client.engine.send_request(request(parley::method::get, "/", "a"), content_length::no_content(), epoch));
  client.engine.reset(7, epoch);
  EXPECT_FALSE(client.engine.ended()) << "no such exchange";
  client.engine.reset(1, epoch);
  EXPECT_TRUE(client.engine.ended());
}

TEST(h1_control, a_refused_request_may_stay_without_answer) {
  tester t(engine::role::server);
  t.feed("nonsense\r\n");
  EXPECT_FALSE(t.engine.wants_close());
  t.engine.reset(1, epoch);
  EXPECT_TRUE(t.engine.wants_close());
  EXPECT_FALSE(t.engine.has_output());
}

}  // namespace
}  // namespace parley::h1::test
