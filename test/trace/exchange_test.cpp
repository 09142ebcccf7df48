#include "trace/exchange.hpp"

#include "trace/live.hpp"
#include "trace/recorder.hpp"
#include "trace/script.hpp"

#include <gtest/gtest.h>

namespace parley::trace {
namespace {

using trace_test::at;

struct folded {
  recorder seen;
  trace_test::script play{seen};
  std::vector<exchange> fold() { return trace::fold(seen.records()); }
};

TEST(Exchange, AClientsGetFromLookUpToLastByte) {
  folded f;
  f.play.whole_get();
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 1u);
  const exchange& x = all[0];
  EXPECT_EQ(x.role, engine::role::client);
  EXPECT_EQ(x.host, "localhost");
  EXPECT_EQ(x.peer, "127.0.0.1:8080");
  ASSERT_EQ(x.attempts.size(), 2u);
  EXPECT_EQ(x.attempts[0].error, "Connection refused");
  EXPECT_EQ(x.attempts[1].error, "");
  EXPECT_EQ(x.request.head, trace_test::request_text);
  EXPECT_EQ(x.request.head_bytes, trace_test::request_text.size());
  EXPECT_EQ(x.request.last_byte, at(460));
  EXPECT_EQ(x.response.status, 200);
  EXPECT_EQ(x.response.content, 10u);
  EXPECT_EQ(x.response.first_byte, at(1660));
  EXPECT_EQ(x.response.last_byte, at(1960));
  EXPECT_TRUE(x.response.ended);
  EXPECT_EQ(x.started(), at(0));
  EXPECT_EQ(x.finished(), at(1960));
}

TEST(Exchange, ASecondOneOnTheSameConnectionIsNumbered) {
  folded f;
  f.play.whole_get();
  f.play.get_on_connection(5000, 2);
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].number, 2u);
  EXPECT_EQ(all[1].peer, "127.0.0.1:8080");
  EXPECT_TRUE(all[1].attempts.empty());
  EXPECT_EQ(all[1].started(), at(5030));
}

TEST(Exchange, AProxysTunnelIsPartOfTheFirstExchangeInIt) {
  folded f;
  trace_test::script inner(f.seen, 2);
  f.play.open_tunnel(0, inner);
  inner.get_on_connection(1000, 1);
  inner.get_on_connection(5000, 2);
  f.play.close(9000, "idle");
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 2u);
  ASSERT_TRUE(all[0].tunnel);
  EXPECT_EQ(all[0].peer, "far.example:443");
  EXPECT_TRUE(all[0].attempts.empty());
  EXPECT_EQ(all[0].tunnel->peer, "127.0.0.1:3128");
  EXPECT_EQ(all[0].tunnel->response.status, 200);
  EXPECT_EQ(all[0].started(), at(0)) << "what the proxy took is in the sum";
  EXPECT_EQ(all[0].finished(), at(2530));
  EXPECT_FALSE(all[1].tunnel);
  EXPECT_EQ(all[1].number, 2u);
}

TEST(Exchange, ATunnelInWhichNothingCameAboutIsToldOf) {
  folded f;
  trace_test::script inner(f.seen, 2);
  f.play.open_tunnel(0, inner);
  inner.see(800, 0, engine::observed_handshake{});
  engine::observed_handshake failed{};
  failed.done = true;
  failed.error = "no certificate";
  inner.see(900, 0, failed);
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 1u);
  ASSERT_TRUE(all[0].tunnel);
  EXPECT_EQ(all[0].error, "no certificate");
  EXPECT_EQ(all[0].started(), at(0));
}

TEST(Exchange, AServersSide) {
  folded f;
  f.play.see(0, 0, engine::observed_connect{"127.0.0.1:54321", true, {}});
  f.play.bytes(100, direction::in, trace_test::request_text);
  f.play.request(100, direction::in, trace_test::request_text);
  f.play.end(100, direction::in);
  f.play.response(300, direction::out, 200, trace_test::response_text);
  f.play.data(300, direction::out, 10);
  f.play.end(300, direction::out);
  f.play.bytes(350, direction::out, std::string(trace_test::response_text) + "0123456789");
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].role, engine::role::server);
  EXPECT_EQ(all[0].peer, "127.0.0.1:54321");
  EXPECT_EQ(all[0].request.first_byte, at(100));
  EXPECT_EQ(all[0].response.last_byte, at(350));
}

TEST(Exchange, IsGivenOnceItIsWholeAndNotBefore) {
  int given = 0;
  live seen([&](const exchange&) { ++given; });
  trace_test::script play(seen);
  play.bytes(0, direction::in, trace_test::request_text);
  play.request(0, direction::in, trace_test::request_text);
  play.end(0, direction::in);
  play.response(1, direction::out, 200, trace_test::response_text);
  // A peer that reads slowly: the whole response is in the engine, but not yet written.
  play.data(1, direction::out, 100);
  play.end(1, direction::out);
  play.bytes(2, direction::out, trace_test::response_text);
  EXPECT_EQ(given, 0);
  play.bytes(3, direction::out, std::string(100, 'x'));
  EXPECT_EQ(given, 1);
  play.close(4, "idle");
  EXPECT_EQ(given, 1);
}

TEST(Exchange, ContentThatWasWrittenBeforeItsEndWasSaid) {
  int given = 0;
  live seen([&](const exchange&) { ++given; });
  trace_test::script play(seen);
  play.request(0, direction::in, trace_test::request_text);
  play.end(0, direction::in);
  play.response(1, direction::out, 200, trace_test::response_text);
  play.data(1, direction::out, 10);
  play.bytes(2, direction::out, std::string(trace_test::response_text) + "0123456789");
  EXPECT_EQ(given, 0);
  play.end(3, direction::out);  // a Content-Length was there: nothing more is written
  EXPECT_EQ(given, 1);
}

TEST(Exchange, InterimResponsesAreNotTheResponse) {
  folded f;
  f.play.connect(0, 10, "127.0.0.1:80");
  f.play.request(10, direction::out, trace_test::request_text);
  f.play.bytes(10, direction::out, trace_test::request_text);
  f.play.bytes(20, direction::in, "HTTP/1.1 100 Continue\r\n\r\n");
  f.play.response(20, direction::in, 100, "HTTP/1.1 100 Continue\r\n\r\n");
  f.play.end(30, direction::out);
  f.play.bytes(40, direction::in, trace_test::response_text);
  f.play.response(40, direction::in, 200, trace_test::response_text);
  f.play.end(40, direction::in);
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].interim_heads, std::vector<std::string>{"HTTP/1.1 100 Continue\r\n\r\n"});
  EXPECT_EQ(all[0].response.status, 200);
}

TEST(Exchange, AResponseWithoutAHead) {
  folded f;
  f.play.connect(0, 10, "127.0.0.1:80");
  f.play.request(10, direction::out, "GET /\r\n");
  f.play.end(10, direction::out);
  f.play.bytes(11, direction::out, "GET /\r\n");
  f.play.bytes(20, direction::in, "hello");
  f.play.data(20, direction::in, 5);
  f.play.end(30, direction::in);
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].response.begun);
  EXPECT_EQ(all[0].response.head, "");
  EXPECT_EQ(all[0].response.content, 5u);
  EXPECT_EQ(all[0].response.first_byte, at(20));
}

TEST(Exchange, WhatItWasDoingWhenItFailed) {
  struct row {
    void (*play)(trace_test::script&);
    const char* doing;
  };
  const std::vector<row> rows{
      {[](trace_test::script& s) { s.see(0, 0, engine::observed_resolve{"example.org", "", false}); }, "looking up example.org"},
      {[](trace_test::script& s) { s.see(0, 0, engine::observed_connect{"192.0.2.1:80", false, {}}); },
       "connecting to 192.0.2.1:80"},
      {[](trace_test::script& s) {
         s.connect(0, 1, "127.0.0.1:80");
         s.request(1, direction::out, trace_test::request_text);
         s.bytes(1, direction::out, trace_test::request_text);
         s.data(2, direction::out, 77);
       },
       "sending the request, 77 bytes of content so far"},
      {[](trace_test::script& s) {
         s.connect(0, 1, "127.0.0.1:80");
         s.request(1, direction::out, trace_test::request_text);
         s.end(1, direction::out);
         s.bytes(1, direction::out, trace_test::request_text);
       },
       "waiting for the response"},
      {[](trace_test::script& s) {
         s.connect(0, 1, "127.0.0.1:80");
         s.request(1, direction::out, trace_test::request_text);
         s.end(1, direction::out);
         s.bytes(1, direction::out, trace_test::request_text);
         s.response(2, direction::in, 200, trace_test::response_text);
         s.data(2, direction::in, 5);
       },
       "receiving the response, 5 bytes of content so far"},
  };
  for (const row& r : rows) {
    folded f;
    r.play(f.play);
    const auto all = f.fold();
    ASSERT_EQ(all.size(), 1u) << r.doing;
    EXPECT_EQ(last_doing(all[0]), r.doing);
  }
}

TEST(Exchange, ErrorsAndClosesAreKept) {
  folded f;
  f.play.connect(0, 1, "127.0.0.1:80");
  f.play.request(1, direction::out, trace_test::request_text);
  f.play.end(1, direction::out);
  f.play.bytes(1, direction::out, trace_test::request_text);
  engine::protocol_error error;
  error.message = "A field line has no colon.";
  error.section = "RFC 9112 §5";
  f.play.see(2, 0, engine::observed_error{error});
  f.play.close(3, "protocol error");
  const auto all = f.fold();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].error, "A field line has no colon. (RFC 9112 §5)");
  EXPECT_EQ(all[0].closed, "protocol error");
}

}  // namespace
}  // namespace parley::trace
