// A connection's beginning and its plain exchanges, both roles.
#include <gtest/gtest.h>

#include "h2/tester.hpp"

namespace parley::h2::test {
namespace {

using engine::content_length;
using engine::role;

TEST(h2_connection, a_server_begins_with_settings) {
  tester t(role::server);
  const std::string first = t.frames();
  EXPECT_TRUE(
      first.starts_with("SETTINGS MAX_CONCURRENT_STREAMS=128 MAX_HEADER_LIST_SIZE=65536 NO_RFC7540_PRIORITIES=1\n"
                        "WINDOW_UPDATE +983041\nunknown"))
      << first;
  EXPECT_EQ(t.feed(client_preface).feed(settings_frame()).frames(), "SETTINGS ACK\n");
  EXPECT_EQ(t.feed(settings_ack()).frames(), "");
}

TEST(h2_connection, a_client_begins_with_the_preface) {
  tester t(role::client);
  EXPECT_TRUE(t.frames().starts_with("preface\nSETTINGS ENABLE_PUSH=0 MAX_HEADER_LIST_SIZE=65536 NO_RFC7540_PRIORITIES=1\n"));
  EXPECT_EQ(t.feed(settings_frame()).frames(), "SETTINGS ACK\n");
}

TEST(h2_connection, a_request_and_its_response) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    answer_all(t, "hello");
    t.feed(get(1), size);
    EXPECT_EQ(t.events(), "request 1 GET / a | end\n");
    EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200 | content-length: 5\nDATA 1 END_STREAM hello\n");
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h2_connection, a_request_with_content_and_trailers) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    answer_all(t);
    t.feed(post(1, {{"content-length", "5"}}) + data(1, "he") + data(1, "llo") + headers(1, {{"x", "y"}}, flag::end_stream), size);
    EXPECT_EQ(t.events(), "request 1 POST / a | content-length: 5\ndata 1 hello\ntrailers 1 | x: y\ncomplete 1\n");
    EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 200\n");
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h2_connection, a_client_sends_and_receives) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::client);
    t.start();
    const auto id = t.engine.send_request(request(parley::method::post, "/x", {{"Accept", "*/*"}}), content_length::of(2), t.now);
    ASSERT_TRUE(id.has_value());
    EXPECT_EQ(*id, 1u);
    EXPECT_TRUE(t.engine.send_data(*id, {engine::chunk::view{"hi"}}, t.now).value_or(false));
    EXPECT_TRUE(t.engine.send_end(*id, nullptr, t.now).has_value());
    EXPECT_EQ(t.frames(),
              "HEADERS 1 | :method: POST | :scheme: https | :authority: a | :path: /x | accept: */* | content-length: 2\n"
              "DATA 1 END_STREAM hi\n");
    t.feed(headers(1, {{":status", "103"}, {"link", "</a>"}}) + headers(1, {{":status", "200"}}) + data(1, "abc", flag::end_stream),
           size);
    EXPECT_EQ(t.events(), "response 1 103 | link: </a> | interim\nresponse 1 200\ndata 1 abc\ncomplete 1\n");
    EXPECT_TRUE(t.engine.idle());
    EXPECT_EQ(t.frames(), "");
  }
}

TEST(h2_connection, content_waits_for_both_windows) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 5}});
  answer_all(t, "0123456789");
  EXPECT_EQ(t.feed(get(1)).frames(), "HEADERS 1 | :status: 200 | content-length: 10\nDATA 1 01234\n");
  EXPECT_FALSE(t.engine.has_output());
  EXPECT_EQ(t.feed(window_update(1, 3)).frames(), "DATA 1 567\n");
  EXPECT_EQ(t.feed(settings_frame({{setting::initial_window_size, 100}})).frames(), "SETTINGS ACK\nDATA 1 END_STREAM 89\n");
}

TEST(h2_connection, a_graceful_end_in_two_steps) {
  tester t(role::server);
  t.start();
  t.engine.close_gracefully(t.now);
  EXPECT_EQ(t.frames(), "GOAWAY last 2147483647 NO_ERROR\nPING parley:)\n");
  answer_all(t);
  EXPECT_EQ(t.feed(get(1)).frames(), "HEADERS 1 END_STREAM | :status: 200\n");
  EXPECT_EQ(t.feed(ping("parley:)", flag::ack)).frames(), "GOAWAY last 1 NO_ERROR\n");
  EXPECT_TRUE(t.engine.wants_close());
  EXPECT_FALSE(t.engine.ended());
  t.eof();
  EXPECT_TRUE(t.engine.ended());
}

// RFC 9113 §6.8: it concerns pushes; the client may still ask.
TEST(h2_connection, a_clients_goaway_costs_none_of_its_requests) {
  tester t(role::server);
  t.start();
  answer_all(t);
  EXPECT_EQ(t.feed(goaway(0, error_code::no_error)).frames(), "");
  EXPECT_FALSE(t.engine.wants_close());
  EXPECT_EQ(t.feed(get(1) + get(3)).frames(), "HEADERS 1 END_STREAM | :status: 200\nHEADERS 3 END_STREAM | :status: 200\n");
  t.pass(t.caps.linger_time - 1ms);
  EXPECT_EQ(t.feed(get(5)).frames(), "HEADERS 5 END_STREAM | :status: 200\n");
  t.pass(t.caps.linger_time);
  EXPECT_EQ(t.frames(), "GOAWAY last 5 NO_ERROR\n");
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h2_connection, a_client_that_gives_up_is_let_go) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  EXPECT_EQ(t.feed(goaway(0, error_code::internal_error)).frames(), "");
  EXPECT_FALSE(t.engine.wants_close()) << "what it asked for is still answered";
  ASSERT_TRUE(t.engine.send_response(1, response(204), content_length::no_content(), t.now));
  EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 204\nGOAWAY last 1 NO_ERROR\n");
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h2_connection, a_cancelled_stream_counts_until_its_owner_lets_go) {
  limits caps;
  caps.streams = 1;
  tester t(role::server, caps);
  t.start();
  EXPECT_EQ(t.feed(get(1) + rst_stream(1, error_code::cancel)).events(), "request 1 GET / a | end\nreset 1 stream-reset\n");
  EXPECT_EQ(t.feed(get(3)).frames(), "RST_STREAM 3 REFUSED_STREAM\n");
  EXPECT_EQ(t.events(), "reset 3 too-many-streams\n");
  t.engine.reset(1, t.now);
  EXPECT_EQ(t.feed(get(5)).only_events(), "request 5 GET / a | end\n");
}

TEST(h2_connection, ping_is_answered) {
  tester t(role::server);
  t.start();
  EXPECT_EQ(t.feed(ping("12345678")).frames(), "PING ACK 12345678\n");
}

TEST(h2_connection, a_fault_of_the_connection_ends_it) {
  tester t(role::server);
  t.start();
  t.feed(get(1) + data(0, "x"));
  EXPECT_EQ(t.events(), "request 1 GET / a | end\nreset 1 stream-needed\n");
  EXPECT_EQ(t.frames(), "GOAWAY last 1 PROTOCOL_ERROR\n");
  EXPECT_TRUE(t.engine.wants_close());
  ASSERT_NE(t.engine.error(), nullptr);
}

}  // namespace
}  // namespace parley::h2::test
