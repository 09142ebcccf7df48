// How a connection starts (RFC 9113 §3), and what both sides say first.
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::role;

TEST(h2_starting, a_preface_that_is_none) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    static_cast<void>(t.frames());
    t.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n", size);
    EXPECT_EQ(t.frames(), "GOAWAY last 0 PROTOCOL_ERROR\n");
    ASSERT_NE(t.engine.error(), nullptr);
    EXPECT_EQ(t.engine.error()->name, "bad-preface");
  }
}

TEST(h2_starting, settings_come_first) {
  struct {
    role ours;
    std::string first;
  } const rows[] = {{role::server, ping("12345678")}, {role::server, settings_ack()},
                    {role::server, data(1, "x")},     {role::server, frame(static_cast<frame_type>(0x21), 0, 0, "x")},
                    {role::client, ping("12345678")}, {role::client, headers(1, {{":status", "200"}})}};
  for (const auto& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      tester t(row.ours);
      if (row.ours == role::server) t.feed(client_preface);
      static_cast<void>(t.frames());
      t.feed(row.first, size);
      EXPECT_EQ(t.frames(), "GOAWAY last 0 PROTOCOL_ERROR\n");
      ASSERT_NE(t.engine.error(), nullptr);
      EXPECT_EQ(t.engine.error()->name, "no-settings-first");
    }
  }
}

TEST(h2_starting, settings_may_be_empty_and_are_acknowledged) {
  for (const role ours : {role::server, role::client}) {
    tester t(ours);
    if (ours == role::server) t.feed(client_preface);
    static_cast<void>(t.frames());
    EXPECT_EQ(t.feed(settings_frame()).frames(), "SETTINGS ACK\n");
  }
}

TEST(h2_starting, a_preface_that_does_not_come) {
  tester t(role::server);
  static_cast<void>(t.frames());
  t.feed(client_preface.substr(0, 23));
  t.pass(t.caps.head_time - 1ms);
  EXPECT_EQ(t.frames(), "");
  t.pass(1ms);
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->limit, t.engine.error()->name == "head-timeout" ? "head_time" : "settings_time");
}

TEST(h2_starting, settings_are_announced_as_the_limits_say) {
  limits caps;
  caps.streams = 7;
  caps.receive_window = 1000;
  caps.frame = 20'000;
  caps.field_table = 100;
  caps.head = 3000;
  options how;
  how.extended_connect = true;
  tester t(role::server, caps, how);
  EXPECT_TRUE(t.frames().starts_with(
      "SETTINGS HEADER_TABLE_SIZE=100 MAX_CONCURRENT_STREAMS=7 ENABLE_CONNECT_PROTOCOL=1 INITIAL_WINDOW_SIZE=1000 "
      "MAX_FRAME_SIZE=20000 MAX_HEADER_LIST_SIZE=3000 NO_RFC7540_PRIORITIES=1\n"));
}

TEST(h2_starting, grease_differs_by_seed) {
  std::string seen;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    options how;
    how.seed = seed;
    tester t(role::server, tester::default_limits(), how);
    const std::string bytes = t.take_bytes();
    EXPECT_NE(bytes, seen);
    seen = bytes;
  }
}

TEST(h2_starting, after_an_upgrade) {
  limits caps;
  connection server(role::server, caps, {}, epoch);
  const std::string settings = u16(static_cast<std::uint16_t>(setting::initial_window_size)) + u32(3);
  ASSERT_TRUE(server.upgraded(parley::method::id::get, settings, epoch).has_value());
  EXPECT_FALSE(server.idle());
  EXPECT_TRUE(server.send_response(1, response(200), engine::content_length::of(5), epoch).has_value());
  EXPECT_TRUE(server.send_data(1, {engine::chunk::view{"hello"}}, epoch).value_or(false));

  connection other(role::server, caps, {}, epoch);
  EXPECT_FALSE(other.upgraded(parley::method::id::get, "x", epoch).has_value());

  tester client(role::client);
  ASSERT_TRUE(client.engine.upgraded(parley::method::id::get, {}, client.now).has_value());
  client.start();
  client.feed(headers(1, {{":status", "200"}}, flag::end_stream));
  EXPECT_EQ(client.only_events(), "response 1 200 | end\n");
  const auto next = client.engine.send_request(request(parley::method::get, "/"), engine::content_length::no_content(), client.now);
  EXPECT_EQ(next.value_or(0), 3u);
}

}  // namespace
}  // namespace parley::h2::test
