// Requests side by side: their ends, resets, credit, limits (RFC 9114 §4.1.1, §6.1), and the way out of the engine.
#include <gtest/gtest.h>

#include "h3/rules.hpp"

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

TEST(h3_streams, they_come_in_any_order) {
  tester t(role::server);
  t.start();
  t.feed(8, get("/c"), true).feed(0, get("/a"), true).feed(4, get("/b"), true);
  EXPECT_EQ(t.events(), "request 9 GET /c a | end\nrequest 1 GET /a a | end\nrequest 5 GET /b a | end\n");
}

TEST(h3_streams, a_reset_request_counts_until_its_owner_lets_go) {
  limits caps;
  caps.streams = 2;
  tester t(role::server, caps);
  t.start();
  t.feed(0, post()).feed(4, post());
  t.reset(0).stop(0);
  static_cast<void>(t.sent());
  EXPECT_EQ(t.events(), "request 1 POST / a\nrequest 5 POST / a\nreset 1 stream-reset\n");
  t.feed(8, get(), true);
  EXPECT_EQ(t.events(), "reset 9 too-many-streams\n");
  EXPECT_EQ(t.sent(), "8 reset H3_REQUEST_REJECTED\n");
  t.engine.reset(1, t.now);
  t.feed(12, get(), true);
  EXPECT_EQ(t.events(), "request 13 GET / a | end\n");
}

// CVE-2023-44487 in the shape that it has here.
TEST(h3_streams, rapid_resets_cost_the_connection) {
  limits caps;
  caps.resets = 20;
  for (const bool by_stop : {false, true}) {
    tester t(role::server, caps);
    t.start();
    t.on_event = [&](const engine::event& e) {
      if (const auto* x = std::get_if<engine::reset_event>(&e)) t.engine.reset(x->id, t.now);
    };
    std::uint64_t id = 0;
    for (; id < 200 && t.engine.error() == nullptr; id += 4) {
      t.feed(id, get());
      by_stop ? t.stop(id) : t.reset(id);
      static_cast<void>(t.sent());
    }
    ASSERT_NE(t.engine.error(), nullptr);
    EXPECT_EQ(t.engine.error()->limit, "resets");
    EXPECT_EQ(id, 84u);
  }
}

// CVE-2025-8671: it makes us reset them.
TEST(h3_streams, errors_that_make_us_reset_count_too) {
  limits caps;
  caps.resets = 20;
  tester t(role::server, caps);
  t.start();
  for (std::uint64_t id = 0; id < 200 && t.engine.error() == nullptr; id += 4)
    t.feed(id, post({{"content-length", "1"}}) + data_frame("ab"));
  ASSERT_NE(t.engine.error(), nullptr);
  EXPECT_EQ(t.engine.error()->name, "too-many-resets");
}

TEST(h3_streams, frames_that_bring_nothing_forward_cost_the_connection) {
  limits caps;
  caps.glitches = 50;
  const std::string floods[] = {priority_update(400, "u=1"), frame(0x21, "x"), max_push_id(3)};
  for (const std::string& one : floods) {
    tester t(role::server, caps);
    t.start();
    for (int i = 0; i < 60 && t.engine.error() == nullptr; ++i) t.feed(2, one);
    ASSERT_NE(t.engine.error(), nullptr);
    EXPECT_EQ(t.engine.error()->name, "too-many-glitches");
  }
  tester empty(role::server, caps);
  empty.start();
  empty.feed(0, post());
  for (int i = 0; i < 60 && empty.engine.error() == nullptr; ++i) empty.feed(0, data_frame(""));
  EXPECT_EQ(empty.engine.error()->name, "too-many-glitches");
  tester kinds(role::server, caps);
  kinds.start();
  for (std::uint64_t i = 1; i < 60 && kinds.engine.error() == nullptr; ++i) kinds.feed(2 + 4 * i, varint(0x21), true);
  EXPECT_EQ(kinds.engine.error()->name, "too-many-glitches");
}

TEST(h3_streams, one_unknown_frame_a_request_is_no_flood) {
  limits caps;
  caps.glitches = 5;
  tester t(role::server, caps);
  t.start();
  answer_all(t);
  for (std::uint64_t id = 0; id < 400; id += 4) {
    t.feed(id, frame(0x21, "x") + get(), true);
    static_cast<void>(t.sent());
  }
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_streams, credit_comes_back_when_content_is_read) {
  tester t(role::server);
  t.start();
  t.return_credit = false;
  const std::string head = post();
  const std::string content = data_frame(std::string(1000, 'x'));
  t.feed(0, head + content);
  static_cast<void>(t.sent());
  EXPECT_EQ(t.credit[0], head.size() + content.size() - 1000);
  t.engine.consume(1, 400);
  static_cast<void>(t.sent());
  EXPECT_EQ(t.credit[0], head.size() + content.size() - 600);
  t.engine.reset(1, t.now);
  t.engine.consume(1, 1000);      // nothing is left to credit
  t.feed(0, data_frame("late"));  // its sender did not know
  static_cast<void>(t.sent());
  EXPECT_EQ(t.credit[0], head.size() + content.size() + data_frame("late").size());
}

// Content that waits for room elsewhere leaves the connection's window, and its stream's stays shut until it is consumed.
TEST(h3_streams, what_is_set_aside_holds_up_its_stream_alone) {
  tester t(role::server);
  t.start();
  t.return_credit = false;
  t.feed(0, post() + data_frame(std::string(1000, 'x')));
  static_cast<void>(t.sent());
  const auto credits = [&t, stream = t.credit[0], all = t.credit[UINT64_MAX]] {
    static_cast<void>(t.sent());
    return std::pair(t.credit[0] - stream, t.credit[UINT64_MAX] - all);
  };
  t.engine.set_aside(1, 600);
  EXPECT_EQ(credits(), std::pair(std::uint64_t{0}, std::uint64_t{600}));
  t.engine.set_aside(1, 600);  // there are but 400 more
  EXPECT_EQ(credits(), std::pair(std::uint64_t{0}, std::uint64_t{1000}));
  t.engine.consume(1, 500);
  EXPECT_EQ(credits(), std::pair(std::uint64_t{500}, std::uint64_t{1000}));
  t.engine.reset(1, t.now);
  t.engine.set_aside(1, 600);
  t.engine.set_aside(9, 600);
  EXPECT_EQ(credits().second, 1000U) << "none of it twice";
}

// RFC 9114 §4.2.2.
TEST(h3_streams, a_request_larger_than_its_server_takes_is_not_sent) {
  const auto send = [](tester& t, std::size_t size) {
    const std::string value(size, 'v');
    return t.engine.send_request(request(parley::method::get, "/", {{"name", value}}), content_length::no_content(), t.now);
  };
  tester t(role::client);
  t.start({{0x06, 503}});  // `:method: GET` and so on are 167 of them, `name` and its line 36
  const auto refused = send(t, 301);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), engine::misuse::fields_too_large);
  EXPECT_EQ(t.sent(), "");
  EXPECT_TRUE(send(t, 300));
}

// RFC 9114 §4.1: a response that is whole stops the rest of the request.
TEST(h3_streams, an_early_answer_stops_the_request) {
  tester t(role::server);
  t.start();
  t.feed(0, post() + data_frame("abc"));
  ASSERT_TRUE(t.engine.send_response(1, response(413), content_length::no_content(), t.now));
  EXPECT_EQ(t.sent(), "0 HEADERS | :status: 413\n0 end\n0 stop H3_NO_ERROR\n");
  EXPECT_TRUE(t.engine.idle());
}

TEST(h3_streams, what_comes_behind_a_stop_is_dropped) {
  tester t(role::server);
  t.start();
  t.acknowledges = false;
  t.feed(0, post() + data_frame("abc"));
  ASSERT_TRUE(t.engine.send_response(1, response(413), content_length::no_content(), t.now));
  static_cast<void>(t.only_events());
  t.feed(0, "more, whatever it is", true);
  EXPECT_EQ(t.events(), "");
  EXPECT_EQ(t.engine.error(), nullptr);
  static_cast<void>(t.sent());
  EXPECT_EQ(t.credit[0], post().size() + data_frame("abc").size() + 20);
}

TEST(h3_streams, a_client_keeps_an_early_answer) {
  tester t(role::client);
  t.start();
  const auto id = t.engine.send_request(request(parley::method::post, "/"), content_length::stream(), t.now);
  ASSERT_TRUE(t.engine.send_data(*id, {chunk::view{"abc"}}, t.now).value());
  static_cast<void>(t.sent());
  t.stop(0, error_code::no_error);
  EXPECT_TRUE(t.engine.send_data(*id, {chunk::view{"def"}}, t.now).value());
  EXPECT_EQ(t.sent(), "0 reset H3_REQUEST_CANCELLED\n");
  t.feed(0, headers({{":status", "413"}}), true);
  EXPECT_EQ(t.events(), "response 1 413 | end\n");
  EXPECT_TRUE(t.engine.send_end(*id, nullptr, t.now));
  EXPECT_TRUE(t.engine.idle());
}

TEST(h3_streams, resets_at_a_client_say_whether_to_try_again) {
  tester t(role::client);
  t.start();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  }
  static_cast<void>(t.sent());
  t.reset(0, error_code::request_rejected).reset(4, error_code::internal_error);
  t.feed(8, headers({{":status", "200"}}) + data_frame("abc")).reset(8, static_cast<error_code>(0x4242));
  EXPECT_EQ(t.events(),
            "reset 1 stream-refused 502 unprocessed\nreset 5 stream-reset 502\nresponse 9 200\ndata 9 abc\n"
            "reset 9 stream-reset 502\n");
  EXPECT_TRUE(t.engine.idle());
}

TEST(h3_streams, a_cancelled_exchange_is_told_to_the_peer) {
  tester t(role::client);
  t.start();
  const auto id = t.engine.send_request(request(parley::method::post, "/"), content_length::stream(), t.now);
  static_cast<void>(t.sent());
  t.engine.reset(*id, t.now);
  EXPECT_EQ(t.sent(), "0 reset H3_REQUEST_CANCELLED\n0 stop H3_REQUEST_CANCELLED\n");
  EXPECT_TRUE(t.engine.idle());
  EXPECT_EQ(t.events(), "");
}

TEST(h3_streams, a_client_keeps_to_the_transports_limit) {
  tester t(role::client);
  t.engine.stream_limits(2, 3);
  t.engine.start(false, t.now);
  EXPECT_EQ(t.engine.request_room(), 2u);
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  EXPECT_EQ(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now).error(),
            engine::misuse::too_many_streams);
  t.engine.stream_limits(3, 3);
  EXPECT_TRUE(t.engine.can_send_request());
}

// --- sending -----------------------------------------------------------------------------------------------------------------

TEST(h3_streams, sending_waits_for_room_and_goes_on) {
  limits caps;
  caps.send_window = 10'000;
  tester t(role::server, caps);
  t.start();
  t.feed(0, get(), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  EXPECT_TRUE(t.engine.send_data(1, {chunk::owned{std::string(9'000, 'x')}}, t.now).value());
  EXPECT_FALSE(t.engine.send_data(1, {chunk::owned{std::string(9'000, 'x')}}, t.now).value());
  static_cast<void>(t.events());
  static_cast<void>(t.sent());
  EXPECT_EQ(t.events(), "writable 1\n");
}

// What is not acknowledged is kept, and bounded.
TEST(h3_streams, what_is_not_acknowledged_is_bounded) {
  limits caps;
  caps.unacknowledged = 100'000;
  tester t(role::server, caps);
  t.start();
  t.acknowledges = false;
  t.feed(0, get(), true);
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  std::size_t sent = 0;
  while (t.engine.send_data(1, {chunk::owned{std::string(9'000, 'x')}}, t.now).value()) {
    sent += 9'000;
    static_cast<void>(t.only_events());
    ASSERT_LT(sent, 200'000u);
  }
  EXPECT_GE(sent, 90'000u);
  static_cast<void>(t.only_events());
  t.engine.acknowledged(0, 30'000);
  EXPECT_EQ(t.events(), "");
  t.engine.acknowledged(0, 40'000);
  EXPECT_EQ(t.events(), "writable 1\n");
}

TEST(h3_streams, bytes_stay_where_they_are_until_acknowledged) {
  tester t(role::server);
  t.start();
  t.acknowledges = false;
  t.feed(0, get(), true);
  const auto text = std::make_shared<const std::string>(std::string(20'000, 'y'));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::of(20'000), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {chunk::shared{*text, text}}, t.now).value());
  ASSERT_TRUE(t.engine.send_end(1, nullptr, t.now));
  std::array<std::string_view, 4> pieces;
  ASSERT_EQ(t.engine.next_stream(), 0u);
  auto out = t.engine.output(0, pieces);
  ASSERT_EQ(out.pieces, 2u);
  EXPECT_TRUE(out.fin);
  EXPECT_EQ(pieces[1].data(), text->data());  // not copied
  const std::size_t head = pieces[0].size();
  t.engine.accepted(0, head + 20'000, true, t.now);
  EXPECT_EQ(text.use_count(), 2);
  t.engine.acknowledged(0, head + 19'999);
  EXPECT_EQ(text.use_count(), 2);
  EXPECT_FALSE(t.engine.idle());
  t.engine.acknowledged(0, 1);
  EXPECT_EQ(text.use_count(), 1);
  EXPECT_TRUE(t.engine.idle());
}

TEST(h3_streams, a_shut_window_holds_up_its_stream_alone) {
  tester t(role::server);
  t.start();
  t.feed(0, get(), true).feed(4, get(), true);
  for (const engine::stream_id id : {1u, 5u}) {
    ASSERT_TRUE(t.engine.send_response(id, response(200), content_length::of(3), t.now));
    ASSERT_TRUE(t.engine.send_data(id, {chunk::view{"abc"}}, t.now).value());
    ASSERT_TRUE(t.engine.send_end(id, nullptr, t.now));
  }
  t.engine.blocked(0);
  EXPECT_EQ(t.sent(), "4 HEADERS | :status: 200 | content-length: 3\n4 DATA abc\n4 end\n");
  t.engine.unblocked(0);
  EXPECT_EQ(t.sent(), "0 HEADERS | :status: 200 | content-length: 3\n0 DATA abc\n0 end\n");
}

// --- priorities ----------------------------------------------------------------------------------------------------------------

std::string order_of_ends(const std::string& sent) {
  std::string order;
  for (std::size_t at = sent.find(" end\n"); at != std::string::npos; at = sent.find(" end\n", at + 1)) {
    order += sent.substr(sent.rfind('\n', at) + 1, at - sent.rfind('\n', at) - 1) + " ";
  }
  return order;
}

/// Takes a kilobyte of whatever is to be sent next, until there is nothing.
std::string ends_in_turn(tester& t) {
  std::string order;
  std::array<std::string_view, 4> pieces;
  while (const auto id = t.engine.next_stream()) {
    const auto out = t.engine.output(*id, pieces);
    std::size_t n = 0;
    for (std::size_t i = 0; i < out.pieces; ++i) n += pieces[i].size();
    const std::size_t part = std::min<std::size_t>(n, 1000);
    const bool fin = out.fin && part == n;
    t.engine.accepted(*id, part, fin, t.now);
    if (fin && (*id & 2) == 0) order += std::to_string(*id) + " ";
  }
  return order;
}

void answer_with(tester& t, engine::stream_id id, std::size_t size, std::initializer_list<parley::fields::line> fields = {}) {
  ASSERT_TRUE(t.engine.send_response(id, response(200, fields), content_length::of(size), t.now));
  ASSERT_TRUE(t.engine.send_data(id, {chunk::owned{std::string(size, 'x')}}, t.now).has_value());
  ASSERT_TRUE(t.engine.send_end(id, nullptr, t.now));
}

std::string get_with(std::string_view priority) {
  return headers({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}, {"priority", priority}});
}

// RFC 9218 §10.
TEST(h3_streams, priorities_decide_who_sends_first) {
  tester t(role::server);
  t.start();
  t.feed(2, priority_update(12, "u=0"));
  t.feed(0, get_with("u=5"), true).feed(4, get_with("u=5"), true).feed(8, get_with("u=1"), true).feed(12, get_with("u=7"), true);
  for (const engine::stream_id id : {1u, 5u, 9u, 13u}) answer_with(t, id, 40'000);
  EXPECT_EQ(order_of_ends(t.sent()), "12 8 0 4 ");
}

TEST(h3_streams, a_priority_may_change_under_way) {
  tester t(role::server);
  t.start();
  t.feed(0, get_with("u=3"), true).feed(4, get_with("u=3"), true);
  for (const engine::stream_id id : {1u, 5u}) answer_with(t, id, 40'000);
  t.feed(2, priority_update(4, "u=1"));
  EXPECT_EQ(ends_in_turn(t), "4 0 ");
}

TEST(h3_streams, a_server_may_say_another_priority) {
  tester t(role::server);
  t.start();
  t.feed(0, get(), true).feed(4, get(), true);
  answer_with(t, 1, 40'000, {{"Priority", "u=6"}});
  answer_with(t, 5, 40'000);
  EXPECT_EQ(ends_in_turn(t), "4 0 ");
}

// A client that says nothing of priorities gets its responses side by side; one that knows them, in order.
TEST(h3_streams, a_large_response_holds_up_no_small_one) {
  for (const bool knows : {false, true}) {
    tester t(role::server);
    t.start();
    if (knows) t.feed(2, priority_update(16, "u=4"));
    t.feed(0, get(), true).feed(4, get(), true);
    answer_with(t, 1, 1'000'000);
    answer_with(t, 5, 5'000);
    EXPECT_EQ(ends_in_turn(t), knows ? "0 4 " : "4 0 ");
  }
}

TEST(h3_streams, early_priorities_are_bounded) {
  limits caps;
  caps.streams = 5;
  tester t(role::server, caps);
  t.start();
  for (std::uint64_t id = 0; id < 400; id += 4) t.feed(2, priority_update(id, "u=1"));
  EXPECT_LT(t.engine.memory(), 64 * 1024u);
  EXPECT_EQ(t.engine.error(), nullptr);
  // Those of streams that are over for long have made room.
  t.feed(2, priority_update(4, "u=1"));
  t.feed(0, get_with("u=3"), true).feed(4, get_with("u=3"), true);
  for (const engine::stream_id id : {1u, 5u}) answer_with(t, id, 40'000);
  EXPECT_EQ(order_of_ends(t.sent()), "4 0 ");
}

// RFC 9218 §7.2.
TEST(h3_streams, a_priority_beyond_what_the_transport_grants) {
  for (const bool after : {false, true}) {
    options how;
    how.request_streams = 4;
    tester t(role::server, tester::default_limits(), how);
    t.start();
    answer_all(t);
    t.feed(2, priority_update(12, "u=1"));
    if (after) t.feed(0, get(), true);
    static_cast<void>(t.sent());
    t.feed(2, priority_update(16, "u=1"));
    EXPECT_EQ(t.sent(), after ? "" : "close H3_ID_ERROR bad-priority-element\n");
    t.feed(2, priority_update(20, "u=1"));
    EXPECT_EQ(t.sent(), after ? "close H3_ID_ERROR bad-priority-element\n" : "");
  }
}

// What is said of a stream whose head is still on its way is newer than that head.
TEST(h3_streams, a_priority_that_comes_within_a_head) {
  tester t(role::server);
  t.start();
  const std::string head = get_with("u=5");
  t.feed(0, get_with("u=3"), true).feed(4, head.substr(0, head.size() - 1));
  t.feed(2, priority_update(4, "u=1")).feed(4, head.substr(head.size() - 1), true);
  for (const engine::stream_id id : {1u, 5u}) answer_with(t, id, 40'000);
  EXPECT_EQ(order_of_ends(t.sent()), "4 0 ");
}

}  // namespace
}  // namespace parley::h3::test
