// GOAWAY both ways, and the end (RFC 9114 §5).
#include <gtest/gtest.h>

#include "h3/tester.hpp"

namespace parley::h3::test {
namespace {

using engine::content_length;
using engine::role;

TEST(h3_closing, a_server_warns_and_then_says_its_last_request) {
  tester t(role::server);
  t.start();
  t.acknowledges = false;
  t.feed(0, get(), true);
  t.engine.close_gracefully(t.now);
  const std::string first = t.sent();
  EXPECT_EQ(first, "3 GOAWAY 4611686018427387900\n");
  t.feed(4, get(), true);  // it was on its way
  EXPECT_EQ(t.events(), "request 1 GET / a | end\nrequest 5 GET / a | end\n");
  t.engine.acknowledged(3, 1'000);
  EXPECT_EQ(t.sent(), "3 GOAWAY 8\n");
  t.feed(8, get(), true);
  EXPECT_EQ(t.sent(), "8 reset H3_REQUEST_REJECTED\n");
  EXPECT_EQ(t.events(), "");
  t.acknowledges = true;
  for (const engine::stream_id id : {1u, 5u}) {
    ASSERT_TRUE(t.engine.send_response(id, response(204), content_length::no_content(), t.now));
  }
  EXPECT_EQ(t.sent(), "0 HEADERS | :status: 204\n0 end\n4 HEADERS | :status: 204\n4 end\nclose H3_NO_ERROR\n");
  EXPECT_TRUE(t.engine.ended());
  EXPECT_EQ(t.engine.error(), nullptr);
}

TEST(h3_closing, the_warning_waits_no_longer_than_it_may) {
  tester t(role::server);
  t.start();
  t.acknowledges = false;
  t.feed(0, post());
  t.engine.close_gracefully(t.now);
  static_cast<void>(t.sent());
  t.pass(t.caps.linger_time);
  EXPECT_EQ(t.sent(), "3 GOAWAY 4\n");
}

TEST(h3_closing, a_client_gives_up_what_was_not_taken_up) {
  tester t(role::client);
  t.start();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  }
  static_cast<void>(t.sent());
  t.feed(3, goaway(last_request_stream));
  EXPECT_EQ(t.events(), "goaway " + std::to_string(last_request_stream - 3) + "\n");
  EXPECT_FALSE(t.engine.can_send_request());
  t.feed(3, goaway(4));
  EXPECT_EQ(t.events(), "goaway 1\nreset 5 not-processed 502 unprocessed\nreset 9 not-processed 502 unprocessed\n");
  EXPECT_EQ(t.sent(), "4 stop H3_REQUEST_CANCELLED\n8 stop H3_REQUEST_CANCELLED\n");
  t.feed(0, headers({{":status", "200"}}), true);
  EXPECT_EQ(t.sent(), "close H3_NO_ERROR\n");
  EXPECT_EQ(t.events(), "response 1 200 | end\n");
}

TEST(h3_closing, a_client_closes_behind_its_last_answer) {
  tester t(role::client);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  static_cast<void>(t.sent());
  t.engine.close_gracefully(t.now);
  EXPECT_EQ(t.sent(), "2 GOAWAY 0\n");
  EXPECT_EQ(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now).error(),
            engine::misuse::closing);
  t.feed(0, headers({{":status", "200"}}), true);
  EXPECT_EQ(t.sent(), "close H3_NO_ERROR\n");
}

// RFC 9114 §5.2: it concerns pushes, and requests come in any order.
TEST(h3_closing, a_clients_goaway_costs_none_of_its_requests) {
  tester t(role::server);
  t.start();
  answer_all(t);
  t.feed(4, get().substr(0, 5)).feed(2, goaway(0));
  EXPECT_EQ(t.sent(), "");
  t.feed(4, get().substr(5), true).feed(0, get(), true).feed(8, get(), true);
  EXPECT_EQ(t.sent(), "4 HEADERS | :status: 200\n4 end\n0 HEADERS | :status: 200\n0 end\n8 HEADERS | :status: 200\n8 end\n");
  EXPECT_FALSE(t.engine.wants_close());
  EXPECT_EQ(t.engine.error(), nullptr);
  t.pass(t.caps.idle_time);
  EXPECT_EQ(t.sent(), "close H3_NO_ERROR idle\n");
}

TEST(h3_closing, a_clients_goaway_leaves_the_pushes_below_it) {
  tester t(role::server);
  t.engine.stream_limits(0, 20);
  t.engine.start(false, t.now);
  t.feed(2, varint(0) + settings_frame() + max_push_id(9));
  t.feed(0, get(), true);
  static_cast<void>(t.only_events());
  const auto first = t.engine.push(1, request(parley::method::get, "/1"), t.now);
  const auto second = t.engine.push(1, request(parley::method::get, "/2"), t.now);
  ASSERT_TRUE(first && second);
  static_cast<void>(t.sent());
  t.feed(2, goaway(1));
  EXPECT_EQ(t.events(), "goaway p0\nreset p1 not-processed\n");
  t.engine.reset(*second, t.now);
  // RFC 9114 §5.2: and no further ones.
  EXPECT_FALSE(t.engine.can_push(1));
  static_cast<void>(t.sent());
  ASSERT_TRUE(t.engine.send_response(*first, response(204), content_length::no_content(), t.now));
  ASSERT_TRUE(t.engine.send_response(1, response(204), content_length::no_content(), t.now));
  const std::string sent = t.sent();
  EXPECT_NE(sent.find("19 HEADERS | :status: 204\n19 end\n"), std::string::npos) << sent;
  EXPECT_NE(sent.find("0 HEADERS | :status: 204\n0 end\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("close"), std::string::npos) << sent;
}

TEST(h3_closing, a_lost_transport_loses_what_is_open) {
  tester t(role::client);
  t.start();
  ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now));
  static_cast<void>(t.sent());
  const engine::protocol_error why{.scope = engine::error_scope::connection,
                                   .status = 0,
                                   .code = 0x0107,
                                   .name = "gone",
                                   .message = "It is gone.",
                                   .section = "RFC 9000 §10",
                                   .limit = {}};
  t.engine.transport_closed(why, t.now);
  EXPECT_EQ(t.events(), "reset 1 gone 502\n");
  EXPECT_TRUE(t.engine.ended());
  EXPECT_EQ(t.sent(), "");
  EXPECT_EQ(t.engine.error()->code, 0x0107u);
}

TEST(h3_closing, a_faulty_peer_loses_all_at_once) {
  tester t(role::server);
  t.start();
  t.feed(0, post()).feed(4, get(), true).feed(2, data_frame("x"));
  EXPECT_EQ(t.events(), "request 1 POST / a\nrequest 5 GET / a | end\nreset 1 frame-unexpected\nreset 5 frame-unexpected\n");
  EXPECT_EQ(t.sent(), "close H3_FRAME_UNEXPECTED frame-unexpected\n");
  EXPECT_TRUE(t.engine.ended());
  EXPECT_EQ(t.engine.send_response(1, response(200), content_length::no_content(), t.now).error(), engine::misuse::closing);
  t.feed(0, data_frame("more")).feed(8, get(), true).reset(4).stop(4);
  EXPECT_EQ(t.events() + t.sent(), "");
}

TEST(h3_closing, after_so_many_requests_it_is_time) {
  limits caps;
  caps.requests_per_connection = 2;
  tester t(role::server, caps);
  t.start();
  answer_all(t);
  t.feed(0, get(), true).feed(4, get(), true);
  const std::string sent = t.sent();
  EXPECT_NE(sent.find("3 GOAWAY 4611686018427387900\n3 GOAWAY 8\n"), std::string::npos) << sent;
  EXPECT_TRUE(sent.ends_with("close H3_NO_ERROR\n")) << sent;
}

}  // namespace
}  // namespace parley::h3::test
