// Datagrams of exchanges (RFC 9297 §2).
#include <gtest/gtest.h>

#include "h3/tester.hpp"

namespace parley::h3::test {
namespace {

using engine::content_length;
using engine::role;

options with_datagrams() {
  options how;
  how.datagrams = how.extended_connect = true;
  return how;
}

std::string connect_udp() {
  return headers(
      {{":method", "CONNECT"}, {":protocol", "connect-udp"}, {":scheme", "https"}, {":path", "/u"}, {":authority", "a"}});
}

TEST(h3_datagrams, they_go_both_ways) {
  tester t(role::server, tester::default_limits(), with_datagrams());
  t.start({{0x33, 1}});
  t.feed(4, connect_udp());
  ASSERT_TRUE(t.engine.send_response(5, response(200), content_length::no_content(), t.now));
  static_cast<void>(t.sent());
  t.datagram(varint(1) + "ping");
  const auto got = t.engine.next_datagram();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->id, 5u);
  EXPECT_EQ(got->bytes, "ping");
  EXPECT_FALSE(t.engine.next_datagram());
  EXPECT_TRUE(t.engine.send_datagram(5, "pong"));
  EXPECT_EQ(t.sent(), "datagram pong of 4\n");
}

TEST(h3_datagrams, only_to_a_peer_that_takes_them) {
  tester t(role::server, tester::default_limits(), with_datagrams());
  t.start();
  t.feed(0, connect_udp());
  EXPECT_FALSE(t.engine.send_datagram(1, "x"));
  tester other(role::server, tester::default_limits(), with_datagrams());
  other.start({{0x33, 1}});
  other.feed(0, get());
  EXPECT_FALSE(other.engine.send_datagram(1, "x"));  // a GET has no use for them
  EXPECT_FALSE(other.engine.send_datagram(9, "x"));
}

TEST(h3_datagrams, what_must_not_come) {
  for (const std::string& bad : {std::string(), std::string("\x40"), varint(std::uint64_t{1} << 60) + "x"}) {
    tester t(role::server, tester::default_limits(), with_datagrams());
    t.start({{0x33, 1}});
    t.datagram(bad);
    EXPECT_EQ(t.sent(), "close H3_DATAGRAM_ERROR bad-datagram\n");
  }
  tester t(role::server, tester::default_limits(), with_datagrams());
  t.start({{0x33, 1}});
  t.feed(0, post());
  t.datagram(varint(0) + "x");
  EXPECT_EQ(t.sent(), "0 reset H3_DATAGRAM_ERROR\n0 stop H3_DATAGRAM_ERROR\n");
  EXPECT_EQ(t.events(), "request 1 POST / a\nreset 1 datagram-not-wanted\n");
}

TEST(h3_datagrams, early_and_late_ones_are_dropped) {
  tester t(role::server, tester::default_limits(), with_datagrams());
  t.start({{0x33, 1}});
  t.datagram(varint(7) + "x");
  t.feed(0, connect_udp(), true);
  t.datagram(varint(0) + "x");
  EXPECT_FALSE(t.engine.next_datagram());
  EXPECT_EQ(t.engine.error(), nullptr);
  EXPECT_EQ(t.sent(), "");
}

TEST(h3_datagrams, no_more_wait_than_may) {
  tester t(role::server, tester::default_limits(), with_datagrams());
  t.start({{0x33, 1}});
  t.feed(0, connect_udp());
  for (int i = 0; i < 1'000; ++i) t.datagram(varint(0) + std::to_string(i));
  std::size_t n = 0;
  while (t.engine.next_datagram()) ++n;
  EXPECT_EQ(n, t.caps.datagrams);
}

}  // namespace
}  // namespace parley::h3::test
