// Pushed responses at both ends (RFC 9113 §6.6, §8.4).
#include <gtest/gtest.h>

#include "h2/rules.hpp"

namespace parley::h2::test {
namespace {

using engine::content_length;
using engine::misuse;
using engine::role;

constexpr std::uint8_t end = flag::end_stream;

std::string promise(std::uint32_t parent, std::uint32_t id) {
  return push_promise(parent, id, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/s"}});
}

// --- at a server ---------------------------------------------------------------------------------------------------------------

TEST(h2_push, a_server_promises_and_answers) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  ASSERT_TRUE(t.engine.can_push(1));
  const auto id = t.engine.push(1, request(parley::method::get, "/s", {{"Accept", "x"}}), t.now);
  ASSERT_EQ(id.value_or(0), 2u);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  EXPECT_FALSE(t.engine.can_push(1)) << "the response has ended";
  ASSERT_TRUE(t.engine.send_response(2, response(200), content_length::of(1), t.now));
  ASSERT_TRUE(t.engine.send_data(2, {engine::chunk::view{"x"}}, t.now));
  ASSERT_TRUE(t.engine.send_end(2, nullptr, t.now));
  EXPECT_EQ(t.frames(),
            "PUSH_PROMISE 1 promised 2 | :method: GET | :scheme: https | :authority: a | :path: /s | accept: x\n"
            "HEADERS 1 END_STREAM | :status: 200\n"
            "HEADERS 2 | :status: 200 | content-length: 1\nDATA 2 END_STREAM x\n");
  EXPECT_TRUE(t.engine.idle());
}

TEST(h2_push, a_client_that_takes_none) {
  tester t(role::server);
  t.start({{setting::enable_push, 0}});
  t.feed(get(1));
  EXPECT_FALSE(t.engine.can_push(1));
  EXPECT_EQ(t.engine.push(1, request(parley::method::get, "/s"), t.now).error(), misuse::push_refused);
}

TEST(h2_push, no_more_than_are_allowed) {
  limits caps;
  caps.pushes = 2;
  tester t(role::server, caps);
  t.start({{setting::max_concurrent_streams, 1}});
  t.feed(get(1));
  EXPECT_TRUE(t.engine.push(1, request(parley::method::get, "/s"), t.now));
  EXPECT_FALSE(t.engine.can_push(1)) << "what the client allows";
  t.feed(settings_frame({{setting::max_concurrent_streams, 100}}));
  EXPECT_TRUE(t.engine.push(1, request(parley::method::get, "/s"), t.now));
  EXPECT_FALSE(t.engine.can_push(1)) << "what the server allows";
}

TEST(h2_push, a_promise_must_be_safe_and_cacheable) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  EXPECT_EQ(t.engine.push(1, request(parley::method::post, "/s"), t.now).error(), misuse::bad_request);
  EXPECT_EQ(t.engine.push(1, request(parley::method::options, "/s"), t.now).error(), misuse::bad_request);
  EXPECT_EQ(t.engine.push(9, request(parley::method::get, "/s"), t.now).error(), misuse::push_refused);
}

TEST(h2_push, a_refused_promise) {
  tester t(role::server);
  t.start();
  t.feed(get(1));
  ASSERT_TRUE(t.engine.push(1, request(parley::method::get, "/s"), t.now));
  t.feed(rst_stream(2, error_code::cancel));
  EXPECT_EQ(t.only_events(), "request 1 GET / a | end\nreset 2 stream-reset\n");
  EXPECT_FALSE(t.engine.send_response(2, response(200), content_length::no_content(), t.now).has_value());
  t.engine.reset(2, t.now);
  EXPECT_EQ(t.frames(), "");
}

const rule_row reserved_rules[] = {
    {"5.1 DATA on a stream that we have promised", role::server, data(2, "x"), "GOAWAY last 1 PROTOCOL_ERROR\n", "reserved-stream"},
    {"5.1 HEADERS on a stream that we have promised", role::server, get(2), "GOAWAY last 1 PROTOCOL_ERROR\n", "reserved-stream"},
    {"5.1 WINDOW_UPDATE and PRIORITY there are no fault", role::server,
     window_update(2, 5) + frame(frame_type::priority, 0, 2, "12345"), "", ""},
};

TEST(h2_push, frames_on_a_promised_stream) {
  for (const rule_row& row : reserved_rules) {
    SCOPED_TRACE(row.rule);
    tester t(row.role);
    t.start();
    t.feed(get(1));
    ASSERT_TRUE(t.engine.push(1, request(parley::method::get, "/s"), t.now));
    static_cast<void>(t.frames());
    t.feed(row.given);
    EXPECT_EQ(t.frames(), row.sent);
    if (!row.faults.empty()) {
      ASSERT_NE(t.engine.error(), nullptr);
      EXPECT_EQ(t.engine.error()->name, row.faults);
    }
  }
}

// --- at a client ---------------------------------------------------------------------------------------------------------------

const rule_row promise_rules[] = {
    {"5.1 DATA on a stream that the server has promised", role::client, promise(1, 2) + data(2, "x"),
     "GOAWAY last 2 PROTOCOL_ERROR\n", "reserved-stream"},
    {"5.1 WINDOW_UPDATE on a stream that the server has promised", role::client, promise(1, 2) + window_update(2, 1),
     "GOAWAY last 2 PROTOCOL_ERROR\n", "reserved-stream"},
    {"6.6 an odd promised stream", role::client, promise(1, 5), "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-promised-stream"},
    {"6.6 a promised stream 0", role::client, promise(1, 0), "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-promised-stream"},
    {"6.6 a promised stream below one before", role::client, promise(1, 4) + promise(1, 2), "GOAWAY last 4 PROTOCOL_ERROR\n",
     "bad-promised-stream"},
    {"6.6 a promise on an idle stream", role::client, promise(7, 2), "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-promise-parent"},
    {"6.6 a promise on a stream that has ended", role::client, headers(1, {{":status", "200"}}, end) + promise(1, 2),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-promise-parent"},
    {"6.6 a promise on a promised stream", role::client, promise(1, 2) + promise(2, 4), "GOAWAY last 2 PROTOCOL_ERROR\n",
     "bad-promise-parent"},
    {"4.2 PUSH_PROMISE of 3 bytes", role::client, frame(frame_type::push_promise, flag::end_headers, 1, "123"),
     "GOAWAY last 0 FRAME_SIZE_ERROR\n", "bad-frame-size"},
    {"6.6 padding as long as its PUSH_PROMISE", role::client,
     frame(frame_type::push_promise, flag::end_headers | flag::padded, 1,
           "\x04"
           "1234"),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "bad-padding"},
    {"6.6 PING where CONTINUATION must follow", role::client, frame(frame_type::push_promise, 0, 1, u32(2)) + ping("12345678"),
     "GOAWAY last 0 PROTOCOL_ERROR\n", "field-block-interrupted"},
    {"8.4.1 a promised POST", role::client,
     push_promise(1, 2, {{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}),
     "RST_STREAM 2 PROTOCOL_ERROR\n", "bad-promise"},
    {"8.4.1 a promise with content", role::client,
     push_promise(1, 2, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}, {"content-length", "1"}}),
     "RST_STREAM 2 PROTOCOL_ERROR\n", "bad-promise"},
    {"8.4.1 a promise without :path", role::client,
     push_promise(1, 2, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}}), "RST_STREAM 2 PROTOCOL_ERROR\n",
     "missing-path"},
};

TEST(h2_push, what_must_not_come) { check_rules(promise_rules, true); }

tester& with_request(tester& t) {
  t.start();
  EXPECT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  static_cast<void>(t.frames());
  return t;
}

TEST(h2_push, a_client_takes_a_promise_and_its_response) {
  options how;
  how.push = true;
  for (const std::size_t size : fragment_sizes) {
    tester t(role::client, tester::default_limits(), how);
    with_request(t).feed(
        promise(1, 2) + headers(1, {{":status", "200"}}, end) + headers(2, {{":status", "200"}}) + data(2, "x", end), size);
    EXPECT_EQ(t.only_events(), "push 1 2 GET /s\nresponse 1 200 | end\nresponse 2 200\ndata 2 x\ncomplete 2\n");
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h2_push, a_client_refuses_a_promise) {
  options how;
  how.push = true;
  tester t(role::client, tester::default_limits(), how);
  with_request(t).feed(promise(1, 2));
  t.engine.reset(2, t.now);
  EXPECT_EQ(t.frames(), "RST_STREAM 2 CANCEL\n");
  t.feed(headers(2, {{":status", "200"}}) + data(2, "x", end));
  EXPECT_EQ(t.only_events(), "push 1 2 GET /s\n");
}

TEST(h2_push, too_many_promises_are_refused) {
  options how;
  how.push = true;
  limits caps;
  caps.pushes = 1;
  tester t(role::client, caps, how);
  with_request(t).feed(promise(1, 2) + promise(1, 4));
  EXPECT_EQ(t.frames(), "RST_STREAM 4 REFUSED_STREAM\n");
  t.feed(headers(2, {{":status", "200"}}, end) + promise(1, 6));
  EXPECT_EQ(t.only_events(), "push 1 2 GET /s\nresponse 2 200 | end\npush 1 6 GET /s\n");
}

// RFC 9113 §5.1, §6.6: it was sent before the peer knew, and its fields change the table.
TEST(h2_push, a_promise_on_a_stream_that_we_have_reset_is_cancelled) {
  options how;
  how.push = true;
  tester t(role::client, tester::default_limits(), how);
  with_request(t);
  t.engine.reset(1, t.now);
  EXPECT_EQ(t.frames(), "RST_STREAM 1 CANCEL\n");
  EXPECT_EQ(t.feed(promise(1, 2)).frames(), "RST_STREAM 2 CANCEL\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

}  // namespace
}  // namespace parley::h2::test
