// Frames that do not fit the state of their stream (RFC 9113 §5.1), ids, resets, GOAWAY.
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::content_length;
using engine::role;

constexpr std::uint8_t end = flag::end_stream;

const rule_row stream_rules[] = {
    // idle
    {"5.1 DATA on an idle stream", role::server, data(1, "x"), "GOAWAY last 0 PROTOCOL_ERROR\n", "idle-stream"},
    {"5.1 WINDOW_UPDATE on an idle stream", role::server, window_update(1, 1), "GOAWAY last 0 PROTOCOL_ERROR\n", "idle-stream"},
    {"5.1, 6.4 RST_STREAM on an idle stream", role::server, rst_stream(1, error_code::cancel), "GOAWAY last 0 PROTOCOL_ERROR\n",
     "idle-stream"},
    {"5.1 HEADERS of a client on a stream of the server's", role::server, get(2), "GOAWAY last 0 PROTOCOL_ERROR\n", "wrong-stream"},
    {"5.1 DATA on an idle stream of ours", role::server, data(2, "x"), "GOAWAY last 0 PROTOCOL_ERROR\n", "idle-stream"},
    {"5.1 HEADERS of a server on a stream that nobody opened", role::client, headers(5, {{":status", "200"}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "wrong-stream"},
    {"5.1 HEADERS of a server on a stream that was not promised", role::client, headers(2, {{":status", "200"}}),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "wrong-stream"},
    {"6.3 a bad PRIORITY on an idle stream", role::server, frame(frame_type::priority, 0, 1, "1234"),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    // half-closed (remote)
    {"5.1 DATA behind END_STREAM", role::server, get(1) + data(1, "x") + ping("12345678"),
     "RST_STREAM 1 STREAM_CLOSED\nPING ACK 12345678\n", "after-end-of-stream"},
    {"5.1 HEADERS behind END_STREAM", role::server, get(1) + get(1) + ping("12345678"),
     "RST_STREAM 1 STREAM_CLOSED\nPING ACK 12345678\n", "after-end-of-stream"},
    {"5.1 WINDOW_UPDATE, PRIORITY and RST_STREAM behind END_STREAM are no fault", role::server,
     get(1) + window_update(1, 1) + frame(frame_type::priority, 0, 1, "12345") + rst_stream(1, error_code::cancel), "", ""},
    // closed
    {"5.1 DATA behind RST_STREAM", role::server, get(1, 0) + rst_stream(1, error_code::cancel) + data(1, "x") + ping("12345678"),
     "RST_STREAM 1 STREAM_CLOSED\nPING ACK 12345678\n", "after-reset"},
    {"5.1 HEADERS behind RST_STREAM", role::server, get(1, 0) + rst_stream(1, error_code::cancel) + get(1) + ping("12345678"),
     "RST_STREAM 1 STREAM_CLOSED\nPING ACK 12345678\n", "after-reset"},
    {"5.4.2 RST_STREAM is not answered with RST_STREAM", role::server,
     get(1) + rst_stream(1, error_code::cancel) + rst_stream(1, error_code::cancel), "", ""},
    {"5.1 HEADERS on a stream that both have ended", role::client,
     headers(1, {{":status", "200"}}, end) + headers(1, {{":status", "200"}}, end), "GOAWAY last 0 STREAM_CLOSED\n",
     "after-closed"},
    {"5.1 DATA on a stream that both have ended", role::client, headers(1, {{":status", "200"}}, end) + data(1, "x"),
     "GOAWAY last 0 STREAM_CLOSED\n", "after-closed"},
    {"5.1, 6.9 WINDOW_UPDATE and RST_STREAM on a stream that both have ended", role::client,
     headers(1, {{":status", "200"}}, end) + window_update(1, 1) + rst_stream(1, error_code::no_error), "", ""},
    // ids
    {"5.1.1 a lower id than one before", role::server, get(5) + get(3), "GOAWAY last 5 PROTOCOL_ERROR\n", "stream-id-not-higher"},
    {"5.1.1 DATA on a stream that was skipped", role::server, get(5) + data(3, "x") + ping("12345678"),
     "RST_STREAM 3 STREAM_CLOSED\nPING ACK 12345678\n", ""},
    // GOAWAY
    {"6.8 a GOAWAY that takes back", role::client, goaway(1, error_code::no_error) + goaway(3, error_code::no_error),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "goaway-rises"},
    // codes
    {"7 an unknown error code is a reset like any other", role::server, get(1) + rst_stream(1, static_cast<error_code>(0xdeadbeef)),
     "", ""},
};

TEST(h2_streams, what_must_not_come) { check_rules(stream_rules); }

TEST(h2_streams, more_than_were_allowed_are_refused) {
  limits caps;
  caps.streams = 2;
  tester t(role::server, caps);
  t.start();
  t.feed(get(1) + get(3) + get(5));
  EXPECT_EQ(t.frames(), "RST_STREAM 5 REFUSED_STREAM\n");
  EXPECT_EQ(t.events(), "request 1 GET / a | end\nrequest 3 GET / a | end\nreset 5 too-many-streams\n");
}

// RFC 9113 §5.1: frames that the peer sent before it knew.
TEST(h2_streams, what_comes_after_our_reset_is_ignored) {
  for (const std::size_t size : fragment_sizes) {
    tester t(role::server);
    t.start();
    t.feed(post(1));
    t.engine.reset(1, t.now);
    EXPECT_EQ(t.frames(), "RST_STREAM 1 INTERNAL_ERROR\n");
    t.feed(data(1, "late") + headers(1, {{"late", "too"}}, end) + window_update(1, 5) + rst_stream(1, error_code::cancel), size);
    EXPECT_EQ(t.frames(), "");
    EXPECT_EQ(t.events(), "request 1 POST / a\n");
    EXPECT_EQ(t.engine.error(), nullptr);
  }
}

// The table of HPACK must stay right: RFC 9113 §4.3, §5.1.
TEST(h2_streams, fields_of_refused_and_reset_streams_are_decoded) {
  limits caps;
  caps.streams = 1;
  tester t(role::server, caps);
  t.start();
  // 0x40: a literal that goes into the table; 0xbe is then its index.
  const std::string stored =
      block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}) + std::string("\x40\x01x\x01y", 5);
  const auto head = [](std::uint32_t id, const std::string& fields) {
    return frame(frame_type::headers, flag::end_headers | end, id, fields);
  };
  t.feed(get(1) + head(3, stored));
  EXPECT_EQ(t.frames(), "RST_STREAM 3 REFUSED_STREAM\n");
  t.feed(rst_stream(1, error_code::cancel));
  t.engine.reset(1, t.now);
  t.feed(head(5, block({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}) + "\xbe"));
  EXPECT_EQ(t.events(),
            "request 1 GET / a | end\nreset 3 too-many-streams\nreset 1 stream-reset\nrequest 5 GET / a | x: y | end\n");
}

TEST(h2_streams, a_reset_by_the_peer_ends_what_we_send) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 3}});
  answer_all(t, "0123456789");
  t.feed(get(1));
  EXPECT_EQ(t.frames(), "HEADERS 1 | :status: 200 | content-length: 10\nDATA 1 012\n");
  t.feed(rst_stream(1, error_code::cancel) + window_update(1, 100));
  EXPECT_EQ(t.frames(), "");
  EXPECT_TRUE(t.engine.idle()) << "the handler had said all";
}

TEST(h2_streams, a_refused_request_can_be_sent_again) {
  tester t(role::client);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  t.feed(rst_stream(1, error_code::refused_stream));
  EXPECT_EQ(t.only_events(), "reset 1 stream-refused 502 unprocessed\n");
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  t.feed(rst_stream(3, error_code::internal_error));
  EXPECT_EQ(t.only_events(), "reset 3 stream-reset 502\n");
}

// RFC 9113 §8.1: the response counts, and the rest of the request is dropped.
TEST(h2_streams, a_server_that_has_answered_may_stop_the_request) {
  tester t(role::client);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::post, "/"), content_length::stream(), t.now));
  t.feed(headers(1, {{":status", "413"}}, end) + rst_stream(1, error_code::no_error));
  EXPECT_EQ(t.only_events(), "response 1 413 | end\n");
  EXPECT_TRUE(t.engine.send_data(1, {engine::chunk::view{"more"}}, t.now).value_or(false));
  EXPECT_TRUE(t.engine.send_end(1, nullptr, t.now).has_value());
  EXPECT_EQ(t.frames(), "");
  EXPECT_TRUE(t.engine.idle());
}

// RFC 9113 §6.5.2: as the peer counts it, uncompressed, with 32 for each line, pseudo-fields too.
TEST(h2_streams, a_request_larger_than_its_server_takes_is_not_sent) {
  const auto send = [](tester& t, std::size_t size) {
    const std::string value(size, 'v');
    return t.engine.send_request(request(parley::method::get, "/", {{"name", value}}), content_length::no_content(), t.now);
  };
  tester t(role::client);
  t.start({{setting::max_header_list_size, 503}});  // `:method: GET` and so on are 167 of them, `name` and its line 36
  const auto refused = send(t, 301);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), engine::misuse::fields_too_large);
  EXPECT_EQ(t.frames(), "");
  EXPECT_TRUE(send(t, 300));
  t.feed(settings_frame({{setting::max_header_list_size, 504}}));
  EXPECT_TRUE(send(t, 301));
}

TEST(h2_streams, nor_is_a_response_lost_with_a_request_that_waits_for_its_window) {
  tester t(role::client);
  t.start({{setting::initial_window_size, 3}});
  ASSERT_TRUE(t.engine.send_request(request(parley::method::post, "/"), content_length::of(5), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::view{"hello"}}, t.now));
  ASSERT_TRUE(t.engine.send_end(1, nullptr, t.now));
  t.feed(headers(1, {{":status", "200"}}) + data(1, "ok", end) + rst_stream(1, error_code::no_error));
  EXPECT_EQ(t.only_events(), "response 1 200\ndata 1 ok\ncomplete 1\n");
  EXPECT_TRUE(t.engine.idle());
}

TEST(h2_streams, an_early_answer_stops_the_request) {
  // Where much of it is to come, at once.
  const std::string large(16'384, 'x');
  const std::string before[]{post(1, {{"content-length", "20000"}}) + data(1, "some"), post(1) + data(1, large) + data(1, "some"),
                             post(1, {{"expect", "100-continue"}})};
  for (const std::string& request : before) {
    tester t(role::server);
    t.start();
    t.feed(request);
    static_cast<void>(t.events());
    ASSERT_TRUE(t.engine.send_response(1, response(413), content_length::no_content(), t.now));
    EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 413\nRST_STREAM 1 NO_ERROR\n");
    t.feed(data(1, "more") + data(1, "and more", end));
    EXPECT_EQ(t.events(), "");
    EXPECT_EQ(t.frames(), "");
    EXPECT_TRUE(t.engine.idle());
  }
}

namespace {

// Answered, though the request has not ended.
void answered_early(tester& t) {
  t.start();
  t.feed(post(1) + data(1, "some"));
  static_cast<void>(t.events());
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 200\n");
  EXPECT_FALSE(t.engine.idle());
}

}  // namespace

TEST(h2_streams, a_small_request_may_end_behind_an_early_answer) {
  for (const std::string& rest : {data(1, "more") + data(1, "and more", end), headers(1, {{"x", "y"}}, end)}) {
    tester t(role::server);
    answered_early(t);
    t.feed(rest);
    EXPECT_EQ(t.events(), "");
    EXPECT_EQ(t.frames(), "");
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h2_streams, behind_an_early_answer_the_rules_hold) {
  const std::pair<std::string, std::string_view> faults[]{
      {data(1, std::string(16'385, 'x')), "RST_STREAM 1 FRAME_SIZE_ERROR\n"},
      {window_update(1, 0), "RST_STREAM 1 PROTOCOL_ERROR\n"},
      {window_update(1, 0x7fff'ffff), "RST_STREAM 1 FLOW_CONTROL_ERROR\n"},
      {headers(1, {{"x", "y"}}), "RST_STREAM 1 PROTOCOL_ERROR\n"},
      {headers(1, {{":method", "GET"}}, end), "RST_STREAM 1 PROTOCOL_ERROR\n"},
      {rst_stream(1, error_code::cancel) + data(1, "x"), "RST_STREAM 1 STREAM_CLOSED\n"},
  };
  for (const auto& [bytes, answer] : faults) {
    tester t(role::server);
    answered_early(t);
    t.feed(bytes);
    EXPECT_EQ(t.frames(), answer);
    EXPECT_TRUE(t.engine.idle());
    EXPECT_EQ(t.engine.error(), nullptr);
  }
  tester t(role::server);
  t.start();
  t.feed(post(1, {{"content-length", "1"}}));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  static_cast<void>(t.frames());
  t.feed(data(1, "test", end));
  EXPECT_EQ(t.frames(), "RST_STREAM 1 PROTOCOL_ERROR\n");
}

TEST(h2_streams, a_request_that_goes_on_behind_its_answer_is_stopped) {
  tester large(role::server);
  answered_early(large);
  large.feed(data(1, std::string(16'000, 'x')));
  EXPECT_EQ(large.frames(), "");
  large.feed(data(1, std::string(16'000, 'x')));
  EXPECT_EQ(large.frames(), "RST_STREAM 1 NO_ERROR\n");
  EXPECT_TRUE(large.engine.idle());

  tester slow(role::server);
  answered_early(slow);
  slow.pass(slow.caps.linger_time - 1ms);
  slow.feed(data(1, "x"));
  EXPECT_EQ(slow.frames(), "");
  slow.pass(1ms);
  EXPECT_EQ(slow.frames(), "RST_STREAM 1 NO_ERROR\n");
  EXPECT_TRUE(slow.engine.idle());

  tester closing(role::server);
  answered_early(closing);
  closing.engine.close_gracefully(closing.now);
  static_cast<void>(closing.frames());
  closing.feed(ping("parley:)", flag::ack));
  EXPECT_EQ(closing.frames(), "GOAWAY last 1 NO_ERROR\nRST_STREAM 1 NO_ERROR\n");
  EXPECT_TRUE(closing.engine.wants_close());
}

TEST(h2_streams, what_an_early_answer_had_set_aside_is_not_credited_twice) {
  limits caps;
  caps.connection_receive_window = default_window;
  tester t(role::server, caps);
  t.return_credit = false;
  t.start();
  t.feed(post(1) + data(1, std::string(16'384, 'x')) + post(3) + data(3, std::string(16'000, 'x')) +
         data(3, std::string(16'000, 'x')));
  t.engine.set_aside(1, 16'384);
  EXPECT_EQ(t.frames(), "");
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 200\n");  // stream 3 still holds half of the window
}

TEST(h2_streams, the_window_of_an_early_answer_is_given_back) {
  tester t(role::server);
  t.return_credit = false;  // nobody reads
  t.start();
  t.feed(post(1) + data(1, std::string(10'000, 'x')));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  t.feed(data(1, "x", end));
  EXPECT_TRUE(t.engine.idle());
}

TEST(h2_streams, goaway_of_a_server_loses_what_it_will_not_take) {
  tester t(role::client);
  t.start();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  }
  t.feed(goaway(3, error_code::no_error));
  EXPECT_EQ(t.only_events(), "goaway 3\nreset 5 not-processed 502 unprocessed\n");
  EXPECT_FALSE(t.engine.can_send_request());
  EXPECT_FALSE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now).has_value());
  t.feed(headers(1, {{":status", "200"}}, end) + headers(3, {{":status", "200"}}, end));
  EXPECT_EQ(t.events(), "response 1 200 | end\nresponse 3 200 | end\n");
  EXPECT_TRUE(t.engine.wants_close());
}

TEST(h2_streams, a_connection_that_ends_loses_its_streams) {
  tester t(role::client);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  t.eof();
  EXPECT_EQ(t.only_events(), "reset 1 closed-before-end 502\n");
  EXPECT_TRUE(t.engine.ended());

  tester s(role::server);
  s.start();
  s.feed(get(1) + post(3));
  s.eof();
  EXPECT_EQ(s.only_events(), "request 1 GET / a | end\nrequest 3 POST / a\nreset 3 closed-before-end\n");
  s.engine.reset(3, s.now);
  ASSERT_TRUE(s.engine.send_response(1, response(200), content_length::no_content(), s.now));
  EXPECT_EQ(s.frames(), "HEADERS 1 END_STREAM | :status: 200\nGOAWAY last 3 NO_ERROR\n");
  EXPECT_TRUE(s.engine.ended());
}

// RFC 9113 §6.8: what came before the last id is known is served, what comes behind it is not, but keeps the tables right.
TEST(h2_streams, requests_behind_our_goaway_are_ignored) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  t.engine.close_gracefully(t.now);
  t.feed(get(3) + ping("parley:)", flag::ack) + get(5) + data(5, "x") + ping("12345678"));
  EXPECT_EQ(t.events(), "request 1 GET / a | end\nrequest 3 GET / a | end\n");
  EXPECT_EQ(t.frames(), "GOAWAY last 2147483647 NO_ERROR\nPING parley:)\nGOAWAY last 3 NO_ERROR\nPING ACK 12345678\n");
}

TEST(h2_streams, the_last_of_many_requests) {
  limits caps;
  caps.requests_per_connection = 2;
  tester t(role::server, caps);
  t.start();
  answer_all(t);
  t.feed(get(1));
  EXPECT_EQ(t.frames(), "HEADERS 1 END_STREAM | :status: 200\n");
  t.feed(get(3));
  EXPECT_EQ(t.frames(), "GOAWAY last 2147483647 NO_ERROR\nPING parley:)\nHEADERS 3 END_STREAM | :status: 200\n");
  t.feed(ping("parley:)", flag::ack));
  EXPECT_EQ(t.frames(), "GOAWAY last 3 NO_ERROR\n");
  EXPECT_TRUE(t.engine.wants_close());
}

// --- the client's side of the number of streams --------------------------------------------------------------------------------------

TEST(h2_streams, a_client_keeps_to_what_the_server_allows) {
  tester t(role::client);
  EXPECT_EQ(t.engine.request_room(), 100u) << "before SETTINGS";
  t.start({{setting::max_concurrent_streams, 2}});
  const auto send = [&t] { return t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now); };
  EXPECT_TRUE(send());
  EXPECT_TRUE(send());
  EXPECT_FALSE(t.engine.can_send_request());
  EXPECT_EQ(send().error(), engine::misuse::too_many_streams);
  t.feed(headers(1, {{":status", "200"}}, end));
  EXPECT_EQ(t.engine.request_room(), 1u);
  t.feed(settings_frame({{setting::max_concurrent_streams, 0}}));
  EXPECT_EQ(t.engine.request_room(), 0u);
}

}  // namespace
}  // namespace parley::h2::test
