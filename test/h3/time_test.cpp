// Peers that take their time.
#include <gtest/gtest.h>

#include "h3/rules.hpp"

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

TEST(h3_time, an_idle_connection_is_closed) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(0, get(), true);
  static_cast<void>(t.only_events());
  t.pass(t.caps.idle_time - 1ms);
  EXPECT_EQ(t.sent(), "");
  t.pass(1ms);
  EXPECT_EQ(t.sent(), "close H3_NO_ERROR idle\n");
  EXPECT_TRUE(t.engine.ended());
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_time, frames_without_use_do_not_keep_it) {
  tester t(role::server);
  t.start();
  for (int i = 0; i < 7; ++i) {
    t.pass(10s);
    t.feed(2, priority_update(0, "u=1"));
  }
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h3_time, a_head_must_come_in_time) {
  tester t(role::server);
  t.start();
  t.feed(0, get().substr(0, 20));
  t.feed(4, "");
  EXPECT_FALSE(t.engine.idle());
  t.pass(t.caps.head_time);
  EXPECT_EQ(t.engine.error(), nullptr);
  EXPECT_EQ(t.sent(),
            "0 reset H3_REQUEST_INCOMPLETE\n0 stop H3_REQUEST_INCOMPLETE\n4 reset H3_REQUEST_INCOMPLETE\n"
            "4 stop H3_REQUEST_INCOMPLETE\n");
  EXPECT_EQ(t.events(), "reset 1 head-timeout\nreset 5 head-timeout\n");
}

/// An insertion of `x: y` into the table, and a section that has nothing but `GET / a` and that entry.
std::string insertion() { return std::string("\x3f\xe1\x1f", 3) + std::string("\x41x\x01y", 4); }
std::string section_with_entry() {
  // Required Insert Count 1 (encoded 2), base 1; then relative index 0.
  std::string text("\x02\x00", 2);
  text += section({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}).substr(2);
  return frame(frame_type::headers, text + "\x80");
}

TEST(h3_time, a_blocked_head_goes_on_when_its_entry_comes) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    t.feed(0, section_with_entry() + data_frame("abc"), false, size).feed(0, data_frame("def"), true, size);
    t.feed(4, section_with_entry(), true, size);
    EXPECT_EQ(t.events(), "");
    t.feed(6, varint(2) + insertion(), false, size);
    EXPECT_EQ(t.events(), "request 1 GET / a | x: y\ndata 1 abcdef\ncomplete 1\nrequest 5 GET / a | x: y | end\n");
    static_cast<void>(t.sent());
    EXPECT_EQ(t.credit[0], section_with_entry().size() + data_frame("abc").size() + data_frame("def").size());
    EXPECT_GT(t.instructions, 0u);
  }
}

TEST(h3_time, a_blocked_head_goes_on_whatever_follows_its_entry) {
  const std::string_view faulty = "\x09";  // Duplicate of what is not there
  const std::string_view without_table = "\x20";
  for (const std::size_t size : fragment_sizes) {
    for (const std::string_view more : {faulty, without_table}) {
      tester t(role::server);
      t.start();
      t.feed(0, section_with_entry(), true, size);
      t.feed(6, varint(2) + insertion() + std::string(more), false, size);
      EXPECT_TRUE(t.events().starts_with("request 1 GET / a | x: y | end\n")) << size;
      EXPECT_EQ(t.engine.error() != nullptr, more == faulty);
    }
  }
}

TEST(h3_time, a_blocked_head_is_given_up_in_time) {
  tester t(role::server);
  t.start();
  t.feed(0, section_with_entry() + data_frame("abc"));
  t.pass(t.caps.blocked_time);
  EXPECT_EQ(t.events(), "reset 1 blocked-too-long\n");
  EXPECT_EQ(t.sent(), "0 reset H3_EXCESSIVE_LOAD\n0 stop H3_EXCESSIVE_LOAD\n");
  EXPECT_EQ(t.credit[0], section_with_entry().size() + data_frame("abc").size());
  t.feed(6, varint(2) + insertion());
  EXPECT_EQ(t.events(), "");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_time, no_more_heads_may_wait_than_was_said) {
  tester t(role::server);
  t.start();
  for (std::uint64_t id = 0; id < 4 * t.caps.blocked_streams; id += 4) t.feed(id, section_with_entry());
  EXPECT_EQ(t.engine.error(), nullptr);
  t.feed(400, section_with_entry());
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_TRUE(t.sent().starts_with("close QPACK_DECOMPRESSION_FAILED"));
}

TEST(h3_time, a_blocked_head_may_be_reset) {
  tester t(role::server);
  t.start();
  t.feed(0, section_with_entry() + data_frame("abc")).reset(0);
  t.feed(6, varint(2) + insertion());
  EXPECT_EQ(t.events(), "reset 1 stream-reset\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_time, content_that_does_not_come_costs_its_stream) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(0, post() + data_frame("x")).feed(4, post());
  t.pass(t.caps.stall_time - 1s);
  t.feed(4, data_frame(std::string(10'000, 'x')));
  t.pass(2s);
  EXPECT_EQ(t.events(), "request 1 POST / a\ndata 1 x\nrequest 5 POST / a\ndata 5 " + std::string(10'000, 'x') +
                            "\nreset 1 content-timeout 408\n");
  EXPECT_EQ(t.sent(), "0 HEADERS | :status: 408\n0 end\n0 stop H3_NO_ERROR\n");
}

TEST(h3_time, content_that_dribbles_costs_its_stream) {
  tester t(role::server);
  t.start();
  t.feed(0, post());
  for (int i = 0; i < 100 && t.engine.error() == nullptr; ++i) {
    t.feed(0, data_frame(std::string(100, 'x')));
    t.pass(1s);
    if (t.events().find("content-too-slow 408") != std::string::npos) return;
  }
  FAIL();
}

TEST(h3_time, a_reader_that_takes_its_time_is_not_the_peers_fault) {
  tester t(role::server);
  t.start();
  t.return_credit = false;
  t.feed(0, post() + data_frame(std::string(t.caps.receive_window, 'x')));
  t.pass(3 * t.caps.stall_time);
  EXPECT_EQ(t.events().find("reset"), std::string::npos);
}

TEST(h3_time, a_window_that_stays_shut_costs_its_stream) {
  tester t(role::server);
  t.start();
  t.feed(0, get(), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"abc"}}, t.now).value());
  t.engine.blocked(0);
  t.pass(t.caps.stall_time);
  EXPECT_EQ(t.events(), "request 1 GET / a | end\nreset 1 window-timeout\n");
  EXPECT_EQ(t.sent(), "0 reset H3_REQUEST_CANCELLED\n");
}

// The transport offers it and nobody takes it: the window of the whole connection is shut.
TEST(h3_time, a_shut_connection_costs_those_who_wait) {
  tester t(role::server);
  t.start();
  t.feed(0, get(), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  t.pass(t.caps.stall_time);
  EXPECT_EQ(t.events(), "request 1 GET / a | end\nreset 1 window-timeout\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_time, a_peer_that_acknowledges_nothing_loses_the_connection) {
  tester t(role::server);
  t.start();
  t.acknowledges = false;
  t.feed(0, get(), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(3), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"abc"}}, t.now).value());
  static_cast<void>(t.sent());
  t.pass(t.caps.stall_time);
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->name, "send-timeout");
}

TEST(h3_time, a_peer_that_acknowledges_little_loses_it_too) {
  tester t(role::server);
  t.start();
  t.acknowledges = false;
  t.feed(0, get(), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(100'000, 'x')}}, t.now).has_value());
  static_cast<void>(t.sent());
  for (int i = 0; i < 200 && t.engine.error() == nullptr; ++i) {
    t.engine.acknowledged(0, 100);
    t.pass(1s);
  }
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->name, "send-too-slow");
}

TEST(h3_time, a_finished_exchange_keeps_no_clock) {
  tester t(role::server);
  t.start();
  answer_all(t, "hello");
  t.feed(0, get(), true);
  static_cast<void>(t.only_events());
  EXPECT_EQ(t.engine.deadline(), t.now + t.caps.head_time);  // one look at what is gone, no more
  t.pass(t.caps.head_time);
  EXPECT_EQ(t.engine.deadline(), t.now - t.caps.head_time + t.caps.idle_time);
}

}  // namespace
}  // namespace parley::h3::test
