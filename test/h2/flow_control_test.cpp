// Flow control (RFC 9113 §5.2, §6.9), both directions.
#include <algorithm>
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

const rule_row window_rules[] = {
    {"6.9 WINDOW_UPDATE of 0 for a stream costs the stream", role::server, get(1) + window_update(1, 0) + ping("12345678"),
     "RST_STREAM 1 PROTOCOL_ERROR\nPING ACK 12345678\n", "zero-increment"},
    {"6.9 WINDOW_UPDATE of 0 for the connection", role::server, window_update(0, 0), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "zero-connection-increment"},
    {"6.9.1 a stream's window beyond 2^31-1", role::server, get(1) + window_update(1, 0x7fffffff) + ping("12345678"),
     "RST_STREAM 1 FLOW_CONTROL_ERROR\nPING ACK 12345678\n", "stream-window-overflow"},
    {"6.9.1 the connection's window beyond 2^31-1", role::server, window_update(0, 0x7fffffff),
     "GOAWAY last 0 FLOW_CONTROL_ERROR\n", "connection-window-overflow"},
    {"6.9.2 SETTINGS that open a window beyond 2^31-1", role::server,
     get(1) + window_update(1, 0x7fff0000) + settings_frame({{setting::initial_window_size, 0x7fffffff}}),
     "GOAWAY last 1 FLOW_CONTROL_ERROR\n", "window-setting-overflow"},
};

TEST(h2_flow_control, what_must_not_come) { check_rules(window_rules); }

TEST(h2_flow_control, more_than_a_streams_window_costs_the_stream) {
  tester t(role::server);
  t.start();
  t.return_credit = false;
  t.feed(post(1));
  for (int i = 0; i < 4; ++i) t.feed(data(1, std::string(16'000, 'x')));
  EXPECT_EQ(t.frames(), "");
  t.feed(data(1, std::string(1'536, 'x')) + ping("12345678"));
  EXPECT_EQ(t.frames(), "RST_STREAM 1 FLOW_CONTROL_ERROR\nPING ACK 12345678\n");
}

TEST(h2_flow_control, more_than_the_connections_window_costs_the_connection) {
  limits caps;
  caps.connection_receive_window = 70'000;
  tester t(role::server, caps);
  t.start();
  t.return_credit = false;
  t.feed(post(1) + post(3));
  for (const std::uint32_t id : {1u, 3u}) {
    for (int i = 0; i < 2; ++i) t.feed(data(id, std::string(16'000, 'x')));
  }
  t.feed(data(1, std::string(6'001, 'x')));
  EXPECT_EQ(t.frames(), "GOAWAY last 3 FLOW_CONTROL_ERROR\n");
}

// RFC 9113 §6.9: what nobody reads counts for the connection all the same, padding too, and its credit goes back at once.
TEST(h2_flow_control, credit_of_dropped_content_and_of_padding_goes_back) {
  limits caps;
  caps.connection_receive_window = 65'535;
  tester t(role::server, caps);
  t.start();
  t.feed(post(1));
  t.engine.reset(1, t.now);
  static_cast<void>(t.frames());
  std::string updates;
  for (int i = 0; i < 40; ++i) updates += t.feed(data(1, std::string(16'000, 'x'))).frames();
  EXPECT_EQ(t.engine.error(), nullptr);
  EXPECT_TRUE(updates.starts_with("WINDOW_UPDATE +48000\n"));

  tester p(role::server, caps);
  p.start();
  p.return_credit = false;
  p.feed(post(1));
  for (int i = 0; i < 2'000; ++i) {
    p.feed(frame(frame_type::data, flag::padded, 1, static_cast<char>(200) + std::string("x") + std::string(200, '\0')));
    static_cast<void>(p.frames());
    ASSERT_EQ(p.engine.error(), nullptr) << i;
  }
}

TEST(h2_flow_control, a_reader_gives_credit_and_a_lagging_one_does_not) {
  tester t(role::server);
  t.start();
  t.return_credit = false;
  t.pass(10s);
  t.feed(post(1) + data(1, std::string(16'000, 'x')) + data(1, std::string(16'000, 'x')) + data(1, std::string(2'000, 'x')));
  EXPECT_EQ(t.frames(), "");
  t.engine.consume(1, 30'000);
  EXPECT_EQ(t.frames(), "");
  t.pass(1s);
  t.engine.consume(1, 4'000);
  EXPECT_EQ(t.frames(), "WINDOW_UPDATE 1 +34000\n");
}

// Content that waits for room elsewhere leaves the connection's window, and its stream's stays shut until it is consumed.
TEST(h2_flow_control, what_is_set_aside_holds_up_its_stream_alone) {
  limits caps;
  caps.connection_receive_window = 65'535;
  tester t(role::server, caps);
  t.start();
  t.return_credit = false;
  t.pass(10s);
  t.feed(post(1) + data(1, std::string(16'000, 'x')) + data(1, std::string(16'000, 'x')) + data(1, std::string(16'000, 'x')));
  EXPECT_EQ(t.frames(), "");
  t.engine.set_aside(1, 40'000);
  EXPECT_EQ(t.frames(), "WINDOW_UPDATE +40000\n");
  t.engine.set_aside(1, 40'000);  // there are but 8,000 more
  t.feed(data(1, std::string(16'000, 'x')));
  EXPECT_EQ(t.frames(), "");
  t.engine.consume(1, 64'000);
  EXPECT_EQ(t.frames(), "WINDOW_UPDATE 1 +64000\n") << "of the connection's 24,000 wait for their half";
  t.feed(data(1, std::string(16'000, 'x')));
  t.engine.set_aside(1, 10'000);
  t.engine.reset(1, t.now);
  EXPECT_EQ(t.frames(), "WINDOW_UPDATE +34000\nRST_STREAM 1 INTERNAL_ERROR\n");
  t.engine.set_aside(1, 10'000);
  t.engine.set_aside(7, 10'000);
  EXPECT_EQ(t.frames(), "");
}

TEST(h2_flow_control, the_window_grows_for_a_reader_that_keeps_up) {
  limits caps;
  caps.connection_receive_window = 256 * 1024;
  tester t(role::server, caps);
  t.feed(client_preface).feed(settings_frame());
  t.now += 10ms;
  t.feed(settings_ack());
  static_cast<void>(t.frames());
  t.feed(post(1));
  std::uint64_t credit = 65'535;
  std::uint64_t sent = 0;
  while (sent < 4'000'000 && credit - sent >= 16'000) {
    t.now += 1ms;
    t.feed(data(1, std::string(16'000, 'x')));
    sent += 16'000;
    const std::string out = t.frames();
    for (std::size_t at = out.find("WINDOW_UPDATE 1 +"); at != std::string::npos; at = out.find("WINDOW_UPDATE 1 +", at + 1)) {
      credit += std::stoull(out.substr(at + 17));
    }
  }
  EXPECT_GE(sent, 4'000'000u);
  EXPECT_GT(credit - sent, 120'000u) << "grown";
  EXPECT_LE(credit - sent, 256u * 1024);

  // A slow one keeps its window.
  tester slow(role::server, caps);
  slow.start();
  slow.feed(post(1));
  for (int i = 0; i < 20; ++i) {
    slow.now += 1s;
    slow.feed(data(1, std::string(16'000, 'x')));
  }
  EXPECT_EQ(slow.frames().find("WINDOW_UPDATE 1 +6"), std::string::npos);
}

// RFC 9113 §6.9.3: until the peer has acknowledged a lower window it may use the default one.
TEST(h2_flow_control, a_lower_window_counts_from_its_acknowledgement_on) {
  limits caps;
  caps.receive_window = 1'000;
  tester t(role::server, caps);
  t.return_credit = false;
  t.feed(client_preface).feed(settings_frame()).feed(post(1)).feed(data(1, std::string(5'000, 'x')));
  static_cast<void>(t.frames());
  EXPECT_EQ(t.engine.error(), nullptr);
  t.feed(settings_ack() + post(3) + data(3, std::string(1'001, 'x')));
  EXPECT_EQ(t.frames(), "RST_STREAM 3 FLOW_CONTROL_ERROR\n");
  // Its own is below zero now: -4000 and what will be consumed.
  t.feed(data(1, "x"));
  EXPECT_EQ(t.frames(), "RST_STREAM 1 FLOW_CONTROL_ERROR\n");
}

// --- what we send ------------------------------------------------------------------------------------------------------------------

TEST(h2_flow_control, a_window_below_zero_is_waited_out) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 10}});
  answer_all(t, "0123456789abcdef");
  EXPECT_EQ(t.feed(get(1)).frames(), "HEADERS 1 | :status: 200 | content-length: 16\nDATA 1 0123456789\n");
  EXPECT_EQ(t.feed(settings_frame({{setting::initial_window_size, 5}})).frames(), "SETTINGS ACK\n");
  EXPECT_EQ(t.feed(window_update(1, 5)).frames(), "") << "0 now";
  EXPECT_EQ(t.feed(window_update(1, 1)).frames(), "DATA 1 a\n");
  EXPECT_EQ(t.feed(window_update(1, 100)).frames(), "DATA 1 END_STREAM bcdef\n");
}

TEST(h2_flow_control, the_connections_window_holds_all_streams) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 1'000'000}});
  const std::string body(40'000, 'x');
  answer_all(t, body);
  t.feed(get(1) + get(3));
  // Small content is shown as it is, large content by its size.
  const auto content_in = [](const std::string& out) {
    auto n = static_cast<std::size_t>(std::ranges::count(out, 'x'));
    for (std::size_t at = out.find('('); at != std::string::npos; at = out.find('(', at + 1)) n += std::stoull(out.substr(at + 1));
    return n;
  };
  EXPECT_EQ(content_in(t.frames()), 65'535u);
  EXPECT_FALSE(t.engine.has_output());
  EXPECT_EQ(content_in(t.feed(window_update(0, 100'000)).frames()), 80'000u - 65'535u);
  EXPECT_TRUE(t.engine.idle());
}

TEST(h2_flow_control, writers_wait_and_go_on) {
  limits caps;
  caps.send_window = 10'000;
  tester t(role::server, caps);
  t.start({{setting::initial_window_size, 0}});
  t.feed(get(1));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  EXPECT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(9'999, 'x')}}, t.now).value());
  EXPECT_FALSE(t.engine.send_data(1, {chunk::owned{std::string(5'001, 'x')}}, t.now).value());
  static_cast<void>(t.only_events());
  t.feed(window_update(1, 9'000));
  EXPECT_EQ(t.only_events(), "");
  t.feed(window_update(1, 1'000));
  EXPECT_EQ(t.only_events(), "writable 1\n");
}

TEST(h2_flow_control, writers_wait_for_the_connection_too) {
  limits caps;
  caps.connection_send_window = 20'000;
  tester t(role::server, caps);
  t.start({{setting::initial_window_size, 0}});
  t.feed(get(1) + get(3));
  for (const engine::stream_id id : {1u, 3u}) {
    ASSERT_TRUE(t.engine.send_response(id, response(200), content_length::stream(), t.now));
  }
  EXPECT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(15'000, 'x')}}, t.now).value());
  EXPECT_FALSE(t.engine.send_data(3, {chunk::owned{std::string(6'000, 'x')}}, t.now).value());
  static_cast<void>(t.only_events());
  t.feed(rst_stream(1, error_code::cancel) + ping("12345678"));
  EXPECT_EQ(t.only_events(), "reset 1 stream-reset\nwritable 3\n");
}

}  // namespace
}  // namespace parley::h2::test
