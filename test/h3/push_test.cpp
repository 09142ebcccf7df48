// Pushed responses at both ends (RFC 9114 §4.6, §7.2.3, §7.2.5, §7.2.7).
#include <gtest/gtest.h>

#include "h3/rules.hpp"
#include "h3/wire.hpp"

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::misuse;
using engine::role;

constexpr auto p0 = connection::first_push;

std::string promise(std::uint64_t id, std::string_view path = "/style.css") {
  return push_promise(id, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", path}});
}

std::string push_stream(std::uint64_t id) { return varint(1) + varint(id); }

/// A server whose client takes so many pushes, with `GET /` on 0. The first push stream is 19: 15 is of no use to anybody.
void let_push(tester& t, std::uint64_t most) {
  t.engine.stream_limits(0, 20);
  t.engine.start(false, t.now);
  t.feed(2, varint(0) + settings_frame() + (most > 0 ? max_push_id(most - 1) : std::string()));
  t.feed(0, get(), true);
  static_cast<void>(t.only_events());
}

/// A client that takes pushes, with `GET /` sent on 0.
tester pushed_client(const limits& caps = tester::default_limits()) {
  options how;
  how.push = true;
  return tester(role::client, caps, how);
}
void begin(tester& t) {
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  static_cast<void>(t.sent());
}

const rule_row push_rules[] = {
    {"4.6 PUSH_PROMISE above MAX_PUSH_ID", role::client, 0, promise(32), false, "close H3_ID_ERROR push-id-too-high\n",
     "push-id-too-high"},
    {"4.6 a push stream above MAX_PUSH_ID", role::client, 7, push_stream(32), false, "close H3_ID_ERROR push-id-too-high\n",
     "push-id-too-high"},
    {"7.2.3 CANCEL_PUSH above MAX_PUSH_ID", role::client, 3, cancel_push(32), false, "close H3_ID_ERROR push-id-too-high\n",
     "push-id-too-high"},
    {"7.2.5 PUSH_PROMISE with another request than before", role::client, 0, promise(0) + promise(0, "/other"), false,
     "close H3_GENERAL_PROTOCOL_ERROR promise-differs\n", "promise-differs"},
    {"7.2.5 PUSH_PROMISE without push id", role::client, 0, frame(frame_type::push_promise), false,
     "close H3_FRAME_ERROR bad-frame-content\n", "bad-frame-content"},
    {"7.1 a push stream that ends within its push id", role::client, 7, varint(1) + "\x40", true,
     "close H3_FRAME_ERROR frame-truncated\n", "frame-truncated"},
    {"4.6 a promise that is not safe", role::client, 0,
     push_promise(0, {{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}), false, "2 CANCEL_PUSH 0\n",
     "bad-promise"},
    {"4.6 a promise with content", role::client, 0,
     push_promise(0, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}, {"content-length", "1"}}),
     false, "2 CANCEL_PUSH 0\n", "bad-promise"},
    {"4.3 a malformed promise", role::client, 0, push_promise(0, {{":method", "GET"}}), false, "2 CANCEL_PUSH 0\n",
     "missing-scheme"},
};

TEST(h3_push, what_must_not_come) { check_rules(push_rules, true); }

const rule_row unasked_rules[] = {
    {"4.6 PUSH_PROMISE that was not asked for", role::client, 0, promise(0), false, "close H3_ID_ERROR push-id-too-high\n",
     "push-id-too-high"},
    {"4.6 a push stream that was not asked for", role::client, 7, push_stream(0), false, "close H3_ID_ERROR push-id-too-high\n",
     "push-id-too-high"},
};

TEST(h3_push, what_must_not_come_unasked) { check_rules(unasked_rules, false); }

// --- at a server ---------------------------------------------------------------------------------------------------------------

TEST(h3_push, a_promise_and_its_response) {
  tester t(role::server);
  let_push(t, 8);
  ASSERT_TRUE(t.engine.can_push(1));
  const auto id = t.engine.push(1, request(parley::method::get, "/style.css", {{"Accept", "text/css"}}), t.now);
  ASSERT_EQ(id, p0);
  ASSERT_TRUE(t.engine.send_response(*id, response(200), content_length::of(3), t.now));
  ASSERT_TRUE(t.engine.send_data(*id, {chunk::view{"css"}}, t.now).value());
  ASSERT_TRUE(t.engine.send_end(*id, nullptr, t.now));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(2), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"ok"}}, t.now).value());
  ASSERT_TRUE(t.engine.send_end(1, nullptr, t.now));
  const std::string sent = t.sent();
  EXPECT_LT(sent.find("0 PUSH_PROMISE 0 | :method: GET | :scheme: https | :authority: a | :path: /style.css | accept: text/css\n"),
            sent.find("0 DATA ok\n0 end\n"));
  EXPECT_NE(sent.find("19 push stream 0\n19 HEADERS | :status: 200 | content-length: 3\n19 DATA css\n19 end\n"), std::string::npos)
      << sent;
  EXPECT_TRUE(t.engine.idle());
}

TEST(h3_push, only_where_and_when_the_client_takes_it) {
  tester none(role::server);
  let_push(none, 0);
  EXPECT_FALSE(none.engine.can_push(1));
  tester t(role::server);
  let_push(t, 2);
  EXPECT_EQ(t.engine.push(1, request(parley::method::post, "/"), t.now).error(), misuse::bad_request);
  EXPECT_FALSE(t.engine.can_push(5));
  ASSERT_TRUE(t.engine.push(1, request(parley::method::get, "/1"), t.now));
  ASSERT_TRUE(t.engine.push(1, request(parley::method::get, "/2"), t.now));
  EXPECT_EQ(t.engine.push(1, request(parley::method::get, "/3"), t.now).error(), misuse::push_refused);
  t.feed(2, max_push_id(9));
  EXPECT_TRUE(t.engine.can_push(1));
  EXPECT_FALSE(t.engine.can_push(p0));
  // Within the one frame that holds all of the content there is no place for a promise.
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(4), t.now));
  EXPECT_TRUE(t.engine.can_push(1));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"ab"}}, t.now).value());
  EXPECT_FALSE(t.engine.can_push(1));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::view{"cd"}}, t.now).value());
  EXPECT_TRUE(t.engine.can_push(1));
  ASSERT_TRUE(t.engine.send_end(1, nullptr, t.now));
  EXPECT_FALSE(t.engine.can_push(1));
}

TEST(h3_push, no_more_than_there_are_streams_for) {
  tester t(role::server);
  t.engine.stream_limits(0, 4);
  t.engine.start(false, t.now);
  t.feed(2, varint(0) + settings_frame() + max_push_id(9)).feed(0, get(), true);
  EXPECT_TRUE(t.engine.push(1, request(parley::method::get, "/1"), t.now));
  EXPECT_FALSE(t.engine.can_push(1));
}

TEST(h3_push, a_client_may_refuse_it) {
  for (const int how : {0, 1, 2}) {
    tester t(role::server);
    let_push(t, 8);
    const auto id = t.engine.push(1, request(parley::method::get, "/x"), t.now);
    ASSERT_TRUE(t.engine.send_response(*id, response(200), content_length::stream(), t.now));
    static_cast<void>(t.sent());
    how == 0 ? t.feed(2, cancel_push(0)) : how == 1 ? t.stop(19) : t.feed(2, goaway(0));
    EXPECT_NE(t.events().find(how == 2 ? "reset p0 not-processed" : "reset p0 stream-reset"), std::string::npos);
    EXPECT_NE(t.sent().find("19 reset H3_REQUEST_CANCELLED\n"), std::string::npos);
    t.engine.reset(*id, t.now);
    ASSERT_TRUE(t.engine.send_response(1, response(204), content_length::no_content(), t.now));
    EXPECT_NE(t.sent().find("0 end\n"), std::string::npos);
    EXPECT_TRUE(t.engine.idle());
  }
}

TEST(h3_push, a_server_that_gives_one_up_says_so) {
  tester t(role::server);
  let_push(t, 8);
  const auto id = t.engine.push(1, request(parley::method::get, "/x"), t.now);
  t.engine.reset(*id, t.now);
  const std::string sent = t.sent();
  EXPECT_NE(sent.find("3 CANCEL_PUSH 0\n"), std::string::npos) << sent;
  EXPECT_NE(sent.find("19 reset H3_INTERNAL_ERROR\n"), std::string::npos) << sent;
}

TEST(h3_push, cancelling_over_and_over_counts) {
  limits caps;
  caps.resets = 10;
  tester t(role::server, caps);
  let_push(t, 8);
  ASSERT_TRUE(t.engine.push(1, request(parley::method::get, "/x"), t.now));
  for (int i = 0; i < 12 && t.engine.error() == nullptr; ++i) t.feed(2, cancel_push(0));
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->name, "too-many-resets");
}

TEST(h3_push, a_promised_response_may_be_prioritised) {
  tester t(role::server);
  let_push(t, 8);
  const auto id = t.engine.push(1, request(parley::method::get, "/x"), t.now);
  t.feed(2, priority_update(0, "u=0", true));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::no_content(), t.now));
  ASSERT_TRUE(t.engine.send_response(*id, response(204), content_length::no_content(), t.now));
  const std::string sent = t.sent();
  EXPECT_LT(sent.find("19 end"), sent.find("0 end"));
}

// --- at a client ---------------------------------------------------------------------------------------------------------------

TEST(h3_push, a_pushed_response_in_either_order) {
  for (const bool stream_first : {false, true}) {
    for (const std::size_t size : fragment_sizes) {
      tester t = pushed_client();
      begin(t);
      const std::string pushed = push_stream(0) + headers({{":status", "200"}}) + data_frame("css");
      if (stream_first) {
        t.feed(7, pushed, true, size);
        EXPECT_EQ(t.events(), "");
      }
      t.feed(0, promise(0) + headers({{":status", "200"}}) + data_frame("ok"), true, size);
      if (!stream_first) t.feed(7, pushed, true, size);
      const std::string events = t.events();
      EXPECT_TRUE(events.starts_with("push 1 p0 GET /style.css\n")) << events;
      EXPECT_NE(events.find("response p0 200\ndata p0 css\ncomplete p0\n"), std::string::npos) << events;
      static_cast<void>(t.sent());
      EXPECT_TRUE(t.engine.idle());
      EXPECT_EQ(t.credit[7], pushed.size());
    }
  }
}

TEST(h3_push, a_refused_push_is_cancelled_or_stopped) {
  tester t = pushed_client();
  begin(t);
  t.feed(0, promise(0) + promise(1));
  t.engine.reset(p0, t.now);
  EXPECT_EQ(t.sent(), "2 CANCEL_PUSH 0\n");
  t.feed(7, push_stream(0) + headers({{":status", "200"}}));  // it was on its way
  EXPECT_EQ(t.sent(), "7 stop H3_REQUEST_CANCELLED\n");
  t.feed(11, push_stream(1) + headers({{":status", "200"}}));
  t.engine.reset(p0 + 1, t.now);
  EXPECT_EQ(t.sent(), "11 stop H3_REQUEST_CANCELLED\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_push, a_server_takes_its_promise_back) {
  tester t = pushed_client();
  begin(t);
  t.feed(0, promise(0)).feed(3, cancel_push(0));
  EXPECT_EQ(t.events(), "push 1 p0 GET /style.css\nreset p0 push-cancelled 502\n");
  t.feed(3, cancel_push(5)).feed(0, promise(5));  // before its promise
  EXPECT_EQ(t.events(), "");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_push, a_push_id_has_one_stream) {
  tester t = pushed_client();
  begin(t);
  t.feed(0, promise(0));
  t.feed(7, push_stream(0)).feed(11, push_stream(0));
  EXPECT_EQ(t.sent(), "close H3_ID_ERROR push-id-used-twice\n");
  tester early = pushed_client();
  begin(early);
  early.feed(7, push_stream(0)).feed(11, push_stream(0));
  EXPECT_EQ(early.sent(), "close H3_ID_ERROR push-id-used-twice\n");
}

TEST(h3_push, the_same_promise_may_come_again) {
  tester t = pushed_client();
  begin(t);
  t.feed(0, promise(0) + promise(0));
  EXPECT_EQ(t.events(), "push 1 p0 GET /style.css\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_push, no_promise_within_a_pushed_response) {
  tester t = pushed_client();
  begin(t);
  t.feed(0, promise(0));
  t.feed(7, push_stream(0) + promise(1));
  EXPECT_EQ(t.sent(), "close H3_FRAME_UNEXPECTED frame-unexpected\n");
}

TEST(h3_push, a_stream_waits_for_its_promise_only_so_long) {
  tester t = pushed_client();
  begin(t);
  t.feed(7, push_stream(3) + headers({{":status", "200"}}));
  t.pass(t.caps.blocked_time);
  EXPECT_EQ(t.sent(), "7 stop H3_REQUEST_CANCELLED\n");
  EXPECT_EQ(t.credit[7], push_stream(3).size() + headers({{":status", "200"}}).size());
  t.feed(0, promise(3));
  EXPECT_EQ(t.events(), "");
}

TEST(h3_push, more_are_allowed_as_they_end) {
  limits caps;
  caps.pushes = 4;
  tester t = pushed_client(caps);
  begin(t);
  std::string sent;
  for (std::uint64_t i = 0; i < 8; ++i) {
    t.feed(0, promise(i, "/" + std::to_string(i)));
    t.feed(7 + 4 * i, push_stream(i) + headers({{":status", "200"}}), true);
    sent += t.sent();
  }
  EXPECT_EQ(sent, "2 MAX_PUSH_ID 5\n2 MAX_PUSH_ID 7\n2 MAX_PUSH_ID 9\n2 MAX_PUSH_ID 11\n");
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_push, no_more_at_once_than_are_taken) {
  limits caps;
  caps.pushes = 2;
  tester t = pushed_client(caps);
  begin(t);
  t.feed(0, promise(0) + promise(1) + promise(2));
  EXPECT_EQ(t.sent(), "close H3_ID_ERROR push-id-too-high\n");
}

// --- both ------------------------------------------------------------------------------------------------------------------------

TEST(h3_push, both_ends_together) {
  for (const std::uint32_t seed : {0u, 3u, 17u, 91u}) {
    options how;
    how.push = true;
    wire w(11, seed, tester::default_limits(), how);
    w.start();
    w.on_server = [&](engine::event& e) {
      auto* const r = std::get_if<engine::request_event>(&e);
      if (r == nullptr) return;
      for (int i = 0; i < 5; ++i) {
        const auto id = w.server.push(r->id, request(parley::method::get, "/p" + std::to_string(i)), w.now);
        ASSERT_TRUE(id.has_value());
        ASSERT_TRUE(w.server.send_response(*id, response(200), content_length::of(100), w.now));
        ASSERT_TRUE(w.server.send_data(*id, {chunk::owned{std::string(100, static_cast<char>('0' + i))}}, w.now).value());
        ASSERT_TRUE(w.server.send_end(*id, nullptr, w.now));
      }
      ASSERT_TRUE(w.server.send_response(r->id, response(200), content_length::of(4), w.now));
      ASSERT_TRUE(w.server.send_data(r->id, {chunk::view{"page"}}, w.now).value());
      ASSERT_TRUE(w.server.send_end(r->id, nullptr, w.now));
    };
    std::map<engine::stream_id, std::string> got;
    std::map<engine::stream_id, std::string> paths;
    std::size_t whole = 0;
    w.on_client = [&](engine::event& e) {
      if (auto* p = std::get_if<engine::push_event>(&e)) paths[p->id] = p->head.target();
      if (auto* d = std::get_if<engine::data_event>(&e)) got[d->id] += d->bytes;
      if (std::get_if<engine::complete_event>(&e) != nullptr) ++whole;
    };
    for (int round = 0; round < 12; ++round) {
      ASSERT_TRUE(w.client.send_request(request(parley::method::get, "/"), content_length::no_content(), w.now));
      w.run();
    }
    EXPECT_EQ(whole, 12 * 6u);
    EXPECT_EQ(paths.size(), 60u);
    EXPECT_EQ(paths[p0 + 7], "/p2");
    EXPECT_EQ(got[p0 + 7], std::string(100, '2'));
    EXPECT_TRUE(w.client.idle());
    EXPECT_TRUE(w.server.idle());
    EXPECT_EQ(w.client.error(), nullptr);
    EXPECT_EQ(w.server.error(), nullptr);
  }
}

}  // namespace
}  // namespace parley::h3::test
