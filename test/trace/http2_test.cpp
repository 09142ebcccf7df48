// Sessions over HTTP/2: several exchanges at once on one connection, pushes, resets, frames.
#include "trace/exchange.hpp"
#include "trace/frames.hpp"
#include "trace/recorder.hpp"
#include "trace/script.hpp"
#include "trace/timeline.hpp"

#include <gtest/gtest.h>

namespace parley::trace {
namespace {

using parley::detail::fields_access;
using trace_test::at;

semantics::request_head get_of(std::string_view path) {
  semantics::request_head head;
  head.version = http2;
  head.fields.add("Accept", "*/*").add("Authorization", "Basic YWRhOnNlY3JldA==");
  head.target_ref = head.path_ref = fields_access::store(head.fields, path);
  head.authority_ref = fields_access::store(head.fields, "localhost:8443");
  head.scheme_ref = fields_access::store(head.fields, "https");
  return head;
}

/// A client's connection.
class session {
 public:
  explicit session(engine::observer& sink) : play(sink) {}

  void connect() {
    play.connect(0, 100, "127.0.0.1:8443");
    play.see(100, 0, engine::observed_handshake{});
    engine::observed_handshake done{};
    done.done = true;
    done.version = "TLS 1.3";
    done.protocol = "h2";
    play.see(900, 0, done);
  }
  void request(int when, std::uint64_t stream, std::string_view path) {
    const auto head = get_of(path);
    play.see(when, stream, engine::observed_head{direction::out, &head, nullptr, {}, 41});
    play.end(when, direction::out, stream);
    play.bytes(when + 20, direction::out, "0123456789");
  }
  void response(int when, std::uint64_t stream) {
    semantics::response_head head;
    head.version = http2;
    head.fields.add("Content-Length", "10");
    play.bytes(when, direction::in, "0123456789");
    play.see(when, stream, engine::observed_head{direction::in, nullptr, &head, {}, 12});
  }
  void content(int when, std::uint64_t stream) {
    play.bytes(when, direction::in, "0123456789");
    play.data(when, direction::in, 10, stream);
    play.end(when, direction::in, stream);
  }
  void promise(int when, std::uint64_t parent, std::uint64_t promised, std::string_view path) {
    const auto head = get_of(path);
    play.see(when, parent, engine::observed_push{direction::in, promised, &head});
  }
  void frame(int when, std::uint64_t stream, direction way, std::string_view type, std::uint64_t size,
             std::string_view about = {}) {
    play.see(when, stream, engine::observed_frame{way, type, 0, size, about});
  }

  trace_test::script play;
};

TEST(Http2Trace, ExchangesThatCrossKeepTheirOwnTimes) {
  recorder seen;
  session s(seen);
  s.connect();
  s.request(1000, 1, "/slow");
  s.request(1100, 3, "/fast");
  s.response(2000, 3);
  s.content(2500, 3);
  s.response(4000, 1);
  s.content(5000, 1);
  const auto all = fold(seen.records());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].stream, 3u);
  EXPECT_EQ(all[0].number, 2u);
  EXPECT_EQ(all[0].request.last_byte, at(1120));
  EXPECT_EQ(all[0].response.first_byte, at(2000));
  EXPECT_EQ(all[0].response.last_byte, at(2500));
  EXPECT_EQ(all[1].request.first_byte, at(1020));
  EXPECT_EQ(all[1].request.last_byte, at(1020)) << "what others send later is not its own";
  EXPECT_EQ(all[1].response.first_byte, at(4000)) << "not the bytes of the other one";
  EXPECT_EQ(all[1].response.last_byte, at(5000));
}

TEST(Http2Trace, ATimelineWithItsStreamAndPseudoFields) {
  recorder seen;
  session s(seen);
  s.connect();
  s.request(1000, 1, "/hello");
  s.promise(1900, 1, 2, "/style.css");
  s.response(2000, 1);
  s.content(3000, 1);
  s.response(3100, 2);
  s.content(3200, 2);
  const auto all = fold(seen.records());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ("\n" + timeline(all[0], {}, {}), R"(
GET localhost:8443/hello                                         took         at

1 Connect     127.0.0.1:8443
│ TCP         ━╸                                              0.10 ms    0.10 ms
│ TLS          ╺━━━━━━━━━━━                                   0.80 ms    0.90 ms
│   TLS 1.3, h2
│
2 Request     HTTP/2 stream 1, 41 B head (HPACK; 127 B of text)
│ sent                     ━━                                 0.12 ms    1.02 ms
│   :method: GET
│   :scheme: https
│   :authority: localhost:8443
│   :path: /hello
│   accept: */*
│   authorization: [hidden]
│
3 Response    200 OK, 12 B head (HPACK; 36 B of text) + 10 B content
│ first byte                 ━━━━━━━━━━━━━━╸                  0.98 ms    2.00 ms
│ last byte                                ╺━━━━━━━━━━━━━━    1.00 ms    3.00 ms
│   :status: 200
│   content-length: 10
│   promised: GET /style.css on stream 2
│
╰ 3.00 ms in all
)");
  const std::string pushed = timeline(all[1], "GET https://localhost:8443/hello", {});
  EXPECT_TRUE(pushed.starts_with("pushed: GET localhost:8443/style.css ")) << pushed;
  EXPECT_NE(pushed.find("promised on stream 1"), std::string::npos) << pushed;
  EXPECT_NE(pushed.find("│ promised "), std::string::npos) << pushed;
}

TEST(Http2Trace, AResetEndsItsExchangeAlone) {
  recorder seen;
  session s(seen);
  s.connect();
  s.request(1000, 1, "/a");
  s.request(1000, 3, "/b");
  s.frame(1500, 1, direction::in, "RST_STREAM", 4, "REFUSED_STREAM");
  std::vector<exchange> ended;
  exchange_folder folder([&](exchange&& x) { ended.push_back(std::move(x)); });
  for (const recorded& one : seen.records()) folder.add(one);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].stream, 1u);
  EXPECT_EQ(ended[0].error, "The peer reset the stream: REFUSED_STREAM");
}

TEST(Http2Trace, AnUpgradeIsOneExchange) {
  recorder seen;
  session s(seen);
  s.play.connect(0, 100, "127.0.0.1:8080");
  s.play.request(200, direction::out, "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n");
  s.play.end(200, direction::out);
  s.play.bytes(210, direction::out, "GET");
  s.play.response(300, direction::in, 101, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
  s.response(400, 1);
  s.content(500, 1);
  const auto all = fold(seen.records());
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0].interim_heads.size(), 1u);
  EXPECT_TRUE(all[0].interim_heads[0].starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(all[0].response.version, http2);
  EXPECT_EQ(all[0].response.status, 200);
}

TEST(Http2Trace, ALookUpThatAnotherConnectionMadeNeedlessIsNoExchange) {
  recorder seen;
  trace_test::script play(seen, 7);
  play.resolve(0, 10);
  play.close(20, "connection 1 serves it too");
  EXPECT_TRUE(fold(seen.records()).empty());
}

TEST(Http2Trace, FramesAreListedBothWays) {
  recorder seen(1000, true);
  session s(seen);
  s.frame(1000, 0, direction::out, "SETTINGS", 18, "ENABLE_PUSH=0 MAX_CONCURRENT_STREAMS=100 INITIAL_WINDOW_SIZE=65536");
  s.frame(1000, 1, direction::out, "HEADERS", 41, "END_STREAM END_HEADERS");
  s.frame(1500, 0, direction::in, "SETTINGS", 0, "ACK");
  for (int i = 0; i < 99; ++i) s.frame(2000 + i, 1, direction::in, "DATA", 16384);
  s.frame(2100, 1, direction::in, "DATA", 100, "END_STREAM");
  s.frame(2200, 0, direction::in, "0x2f", 3, "\x1b[31m");
  frame_list list;
  for (const recorded& one : seen.records()) list.add(one);
  EXPECT_EQ("\n" + list.lines(at(900), {}), R"(
Frames on connection 1  stream   payload         at
  → SETTINGS                 -      18 B    0.10 ms  ENABLE_PUSH=0
                                                     MAX_CONCURRENT_STREAMS=100
                                                     INITIAL_WINDOW_SIZE=65536
  → HEADERS                  1      41 B    0.10 ms  END_STREAM END_HEADERS
  ← SETTINGS                 -       0 B    0.60 ms  ACK
  ← DATA x100                1   1.5 MiB    1.10 ms  END_STREAM
  ← 0x2f                     -       3 B    1.30 ms  \x1b[31m
)");
  EXPECT_EQ(frame_line(seen.records().at(1), {.unicode = false}),
            "connection 1   -> HEADERS                1      41 B  END_STREAM END_HEADERS\n");
  recorder without;
  session t(without);
  t.frame(1000, 1, direction::out, "HEADERS", 41);
  EXPECT_TRUE(without.records().empty());
}

}  // namespace
}  // namespace parley::trace
