// Peers that take their time.
#include <gtest/gtest.h>

#include "h2/tester.hpp"

#include <functional>

namespace parley::h2::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

constexpr std::uint8_t end = flag::end_stream;

TEST(h2_time, an_idle_connection_is_closed_with_a_goaway) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(get(1));
  static_cast<void>(t.only_events());
  t.pass(t.caps.idle_time - 1ms);
  EXPECT_EQ(t.frames(), "");
  t.pass(1ms);
  EXPECT_EQ(t.frames(), "GOAWAY last 1 NO_ERROR\n");
  EXPECT_TRUE(t.engine.ended());
  EXPECT_EQ(t.engine.error(), nullptr);
}

// A peer may fill both tables of HPACK, and then stay: it costs little more than one that did not.
TEST(h2_time, full_tables_shrink_on_a_connection_that_idles) {
  tester t(role::server);
  t.start();
  fieldcode::hpack_encoder theirs(1, 4096);
  std::uint32_t id = 1;
  const auto ask = [&] {
    std::string block(8'000, '\0');
    char* p = block.data();
    for (const auto& [name, value] : {std::pair(":method", "GET"), {":scheme", "https"}, {":path", "/"}, {":authority", "a"}}) {
      p = theirs.encode(name, value, p);
    }
    for (int i = 0; i < 3; ++i) p = theirs.encode("x-theirs", std::to_string(id) + std::string(30, 'x'), p);
    block.resize(static_cast<std::size_t>(p - block.data()));
    t.feed(frame(frame_type::headers, flag::end_headers | end, id, block));
    const std::string value = std::to_string(id) + std::string(30, 'x');
    ASSERT_TRUE(
        t.engine.send_response(id, response(200, {{"x-ours", value}, {"x-more", value}}), content_length::no_content(), t.now));
    id += 2;
  };
  for (int i = 0; i < 200; ++i) ask();
  static_cast<void>(t.only_events());
  t.engine.rest();
  const std::size_t full = t.engine.memory();
  t.pass(4s);
  EXPECT_EQ(t.engine.memory(), full) << "a client at work finds all as it was";
  t.pass(2s);
  EXPECT_LE(t.engine.memory(), 4096u) << "of " << full;
  EXPECT_GT(full, 12'000u);
  EXPECT_EQ(t.frames(), "");
  // And all goes on: the tester's decoder follows, and so does ours.
  for (int i = 0; i < 200; ++i) ask();
  EXPECT_EQ(t.engine.error(), nullptr);
  const std::string events = t.events();
  EXPECT_NE(events.find("request 799 GET / a | x-theirs: 799x"), std::string::npos);
  EXPECT_NE(t.frames().find("HEADERS 799 END_STREAM | :status: 200 | x-ours: 799x"), std::string::npos);
  t.pass(t.caps.idle_time);
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h2_time, pings_do_not_keep_an_idle_connection) {
  tester t(role::server);
  t.start();
  for (int i = 0; i < 7; ++i) {
    t.pass(10s);
    t.feed(ping("12345678"));
  }
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h2_time, a_frame_must_come_in_time) {
  tester t(role::server);
  t.start();
  t.feed(get(1).substr(0, 20));
  EXPECT_FALSE(t.engine.idle());
  t.pass(t.caps.head_time);
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->limit, "head_time");
  EXPECT_EQ(t.frames(), "GOAWAY last 0 ENHANCE_YOUR_CALM\n");
}

TEST(h2_time, content_that_does_not_come_costs_its_stream) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(post(1) + post(3) + data(1, "x"));
  t.pass(t.caps.stall_time - 1s);
  t.feed(data(3, std::string(10'000, 'x')));
  t.pass(2s);
  EXPECT_EQ(t.events(), "request 1 POST / a\nrequest 3 POST / a\ndata 1 x\ndata 3 " + std::string(10'000, 'x') +
                            "\nreset 1 content-timeout 408\n");
  EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 408\nRST_STREAM 1 NO_ERROR\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h2_time, content_that_comes_too_slowly) {
  tester t(role::server);
  t.start();
  t.feed(post(1));
  std::string told;
  for (int i = 0; i < 100 && told.find("reset") == std::string::npos; ++i) {
    t.pass(1s);
    told += t.feed(data(1, std::string(100, 'x'))).events();
  }
  EXPECT_NE(told.find("reset 1 content-too-slow 408"), std::string::npos);
}

TEST(h2_time, a_peer_may_wait_as_long_as_the_reader_does) {
  limits caps;
  caps.receive_window = 1'000;
  tester t(role::server, caps);
  t.start();
  t.return_credit = false;
  t.feed(post(1) + data(1, std::string(1'000, 'x')));
  t.pass(10 * t.caps.stall_time);
  EXPECT_EQ(t.events().find("reset"), std::string::npos);
  t.engine.consume(1, 1'000);
  EXPECT_TRUE(t.frames().starts_with("WINDOW_UPDATE 1 +"));
  t.feed(ping("12345678"));
  static_cast<void>(t.frames());
  t.pass(2 * t.caps.stall_time);
  EXPECT_EQ(t.events(), "reset 1 content-timeout 408\n");
}

TEST(h2_time, a_window_that_nobody_opens_costs_its_stream) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 5}});
  answer_all(t, "0123456789");
  t.feed(get(1));
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200 | content-length: 10\nDATA 1 01234\n");
  t.pass(t.caps.stall_time - 1ms);
  EXPECT_EQ(t.frames(), "");
  t.pass(1ms);
  EXPECT_EQ(t.frames(), "RST_STREAM 1 CANCEL\n");
  EXPECT_TRUE(t.engine.idle());
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h2_time, the_connections_window_that_nobody_opens) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 1'000'000}});
  t.feed(get(1));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(100'000, 'x')}}, t.now));
  static_cast<void>(t.only_events());
  t.pass(t.caps.stall_time + 1s);
  EXPECT_EQ(t.events(), "reset 1 window-timeout\n");
  EXPECT_EQ(t.frames(), "RST_STREAM 1 CANCEL\n");
}

TEST(h2_time, a_peer_that_does_not_read) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(10'000, 'x')}}, t.now));
  EXPECT_TRUE(t.engine.has_output());
  t.pass(t.caps.stall_time);
  EXPECT_EQ(t.events(), "request 1 GET / a | end\nreset 1 send-timeout\n");
  EXPECT_TRUE(t.engine.ended());
  EXPECT_FALSE(t.engine.has_output());
}

TEST(h2_time, a_preface_that_cannot_leave_yet) {
  for (const role ours : {role::server, role::client}) {
    tester t(ours);
    ASSERT_TRUE(t.engine.deadline().has_value());
    EXPECT_GE(*t.engine.deadline(), epoch + 5s);
    t.pass(5s);
    EXPECT_EQ(t.engine.error(), nullptr);
    EXPECT_TRUE(t.engine.has_output());
  }
}

TEST(h2_time, what_the_system_delivers_is_progress) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(10'000, 'x')}}, t.now));
  for (int i = 0; i < 20; ++i) {
    t.now += 10s;
    t.engine.delivered(10'000, t.now);
    t.engine.expired(t.now);
  }
  EXPECT_EQ(t.engine.error(), nullptr);
}

// How many seconds `each` may go on, called once a second, until `ended`.
template <class Each, class Ended>
int seconds_until(tester& t, Each&& each, Ended&& ended) {
  int second = 0;
  while (!ended() && ++second < 1'000) {
    t.now += 1s;
    t.engine.expired(t.now);
    each();
  }
  return second;
}

TEST(h2_time, a_peer_that_takes_too_little) {
  const std::function<void(tester&)> ways[] = {[](tester& t) { t.engine.delivered(1, t.now); },
                                               [](tester& t) {
                                                 if (t.engine.has_output()) t.engine.written(1, t.now);
                                               }};
  for (const auto& way : ways) {
    tester t(role::server);
    t.start();
    t.feed(get(1));
    ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
    ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(10'000, 'x')}}, t.now));
    EXPECT_NEAR(seconds_until(t, [&] { way(t); }, [&] { return t.engine.error() != nullptr; }), 31, 1) << &way - ways;
    ASSERT_NE(t.engine.error(), nullptr);
    EXPECT_EQ(t.engine.error()->name, "send-too-slow");
    EXPECT_EQ(t.engine.error()->limit, "send_rate");
  }
}

TEST(h2_time, the_connections_window_opened_by_crumbs) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 1'000'000}});
  t.feed(get(1));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(100'000), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(100'000, 'x')}}, t.now));
  static_cast<void>(t.only_events());
  static_cast<void>(t.frames());
  std::string told;
  const auto crumb = [&] { told += t.feed(window_update(0, 1)).only_events(); };
  EXPECT_NEAR(seconds_until(t, crumb, [&] { return !told.empty(); }), 31, 1);
  EXPECT_EQ(told, "reset 1 window-timeout\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h2_time, a_drain_goes_on_without_an_answer_to_its_ping) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  t.engine.close_gracefully(t.now);
  EXPECT_EQ(t.frames(), "GOAWAY last 2147483647 NO_ERROR\nPING parley:)\n");
  t.pass(t.caps.linger_time);
  EXPECT_EQ(t.frames(), "GOAWAY last 1 NO_ERROR\n");
  EXPECT_FALSE(t.engine.wants_close()) << "one is under way";
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h2_time, a_client_closes) {
  tester t(role::client);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  t.engine.close_gracefully(t.now);
  EXPECT_FALSE(t.engine.can_send_request());
  EXPECT_FALSE(t.engine.wants_close());
  static_cast<void>(t.frames());
  t.feed(headers(1, {{":status", "200"}}, end));
  EXPECT_EQ(t.frames(), "GOAWAY last 0 NO_ERROR\n");
  EXPECT_TRUE(t.engine.ended());
}

}  // namespace
}  // namespace parley::h2::test
