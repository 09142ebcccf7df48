// Sessions over HTTP/3: their streams have the numbers that QUIC gives them, though exchanges begin at 1 (engine/stream_engine.hpp).
#include "trace/exchange.hpp"
#include "trace/frames.hpp"
#include "trace/recorder.hpp"
#include "trace/script.hpp"
#include "trace/timeline.hpp"

#include <gtest/gtest.h>

namespace parley::trace {
namespace {

using trace_test::at;

constexpr std::uint64_t push_3 = (std::uint64_t{1} << 62) + 3;

TEST(Http3Trace, FramesNameTheStreamsOfQuic) {
  recorder seen(1000, true);
  trace_test::script play(seen);
  const auto frame = [&](int when, std::uint64_t stream, direction way, std::string_view type, std::string_view about = {}) {
    play.see(when, stream, engine::observed_frame{way, type, 0, 10, about, true});
  };
  frame(1000, 0, direction::out, "SETTINGS", "QPACK_BLOCKED_STREAMS=16");
  frame(1000, 1, direction::out, "HEADERS");
  frame(1000, 5, direction::out, "HEADERS");
  frame(1100, 1, direction::in, "PUSH_PROMISE", "push=3");
  frame(1200, push_3, direction::in, "HEADERS");
  frame_list list;
  for (const recorded& one : seen.records()) list.add(one);
  EXPECT_EQ("\n" + list.lines(at(900), {}), R"(
Frames on connection 1  stream   payload         at
  → SETTINGS                 -      10 B    0.10 ms  QPACK_BLOCKED_STREAMS=16
  → HEADERS                  0      10 B    0.10 ms
  → HEADERS                  4      10 B    0.10 ms
  ← PUSH_PROMISE             0      10 B    0.20 ms  push=3
  ← HEADERS             push 3      10 B    0.30 ms
)");
}

// The end of a stream is no frame, and shows beside the last one there.
TEST(Http3Trace, FramesShowTheEndOfTheirStreams) {
  frame_list list;
  std::string lines;
  frame_watch watch([&](const recorded& one) {
    list.add(one);
    lines += frame_line(one, {});
  });
  trace_test::script play(watch);
  play.see(1000, 1, engine::observed_frame{direction::out, "HEADERS", 0, 10, {}, true});
  play.see(1000, 1, engine::observed_end{direction::out, true});
  play.see(1100, 1, engine::observed_frame{direction::in, "HEADERS", 0, 20, {}, true});
  play.see(1200, 1, engine::observed_frame{direction::in, "DATA", 0, 30, {}, true});
  play.see(1300, 1, engine::observed_frame{direction::in, "DATA", 0, 40, {}, true});
  play.see(1300, 1, engine::observed_end{direction::in, true});
  play.see(1300, 1, engine::observed_end{direction::in, false});
  EXPECT_EQ("\n" + list.lines(at(900), {}), R"(
Frames on connection 1  stream   payload         at
  → HEADERS                  0      10 B    0.10 ms  FIN
  ← HEADERS                  0      20 B    0.20 ms
  ← DATA x2                  0      70 B    0.30 ms  FIN
)");
  EXPECT_NE(lines.find("connection 1   ← FIN                    0       0 B\n"), std::string::npos) << lines;
}

TEST(Http3Trace, HeadsSayTheLengthThatTheEngineAdds) {
  recorder seen(1000, true);
  trace_test::script play(seen);
  semantics::request_head head;
  head.version = http3;
  play.see(0, 1, engine::observed_head{direction::out, &head, nullptr, {}, 10, 28});
  head.fields.set("Content-Length", "29");
  play.see(0, 5, engine::observed_head{direction::out, &head, nullptr, {}, 10, 29});
  const auto records = seen.records();
  const auto text = [&](std::size_t i) { return std::get<head_step>(records.at(i).what).text; };
  EXPECT_TRUE(text(0).ends_with("content-length: 28\r\n\r\n")) << text(0);
  EXPECT_TRUE(text(1).ends_with("content-length: 29\r\n\r\n")) << text(1);
  EXPECT_EQ(text(1).find("content-length"), text(1).rfind("content-length")) << "once";
}

TEST(Http3Trace, AServersLinesTellQuicAndEarlyData) {
  recorder seen(1000, true);
  trace_test::script play(seen);
  semantics::request_head asked;
  asked.version = http3;
  semantics::response_head answer;
  answer.version = http3;
  answer.status = 200;
  const auto exchange_on = [&](engine::stream_id stream) {
    play.see(0, stream, engine::observed_head{direction::in, &asked, nullptr, {}, 10});
    play.end(0, direction::in, stream);
    play.see(10, stream, engine::observed_head{direction::out, nullptr, &answer, {}, 10});
    play.end(10, direction::out, stream);
  };
  exchange_on(1);
  engine::observed_handshake done{};
  done.done = true;
  done.version = "TLS 1.3";
  play.see(20, 0, done);
  exchange_on(5);
  const auto all = fold(seen.records());
  ASSERT_EQ(all.size(), 2U);
  const std::string first = server_lines(all[0], {});
  EXPECT_NE(first.find("stream 0, QUIC"), std::string::npos) << first;
  EXPECT_NE(first.find("HTTP/3, as early data"), std::string::npos) << first;
  EXPECT_EQ(server_lines(all[1], {}).find("early data"), std::string::npos);
}

// Who looks at an exchange that has not ended sees how long it has taken so far.
TEST(Http3Trace, WhatIsGivenUpHasTakenUntilNow) {
  recorder seen(1000, true);
  trace_test::script play(seen);
  semantics::request_head asked;
  asked.version = http3;
  play.see(0, 1, engine::observed_head{direction::out, &asked, nullptr, {}, 10});
  play.end(0, direction::out, 1);
  std::vector<exchange> all;
  exchange_folder folder([&](exchange&& x) { all.push_back(std::move(x)); });
  for (const recorded& one : seen.records()) folder.add(one);
  folder.flush(at(5000));
  ASSERT_EQ(all.size(), 1U);
  const std::string text = timeline(all[0], {}, {});
  EXPECT_NE(text.find("5.00 ms in all"), std::string::npos) << text;
  EXPECT_NE(text.find("│ waiting "), std::string::npos) << text;
}

TEST(Http3Trace, AServersLinesNameTheStreamsOfQuic) {
  exchange x;
  x.role = engine::role::server;
  x.connection = 7;
  x.peer = "127.0.0.1:1";
  x.number = 1;
  x.stream = 5;
  x.request.begun = true;
  x.request.version = http3;
  x.request.start_line = "GET /";
  EXPECT_NE(server_lines(x, {}).find("new connection 7, stream 4"), std::string::npos) << server_lines(x, {});
  x.number = 2;
  EXPECT_NE(server_lines(x, {}).find("kept alive: stream 4 of connection 7"), std::string::npos) << server_lines(x, {});
  x.stream = push_3;
  x.promised_on = 1;
  EXPECT_NE(server_lines(x, {}).find("pushed on stream 0: GET /"), std::string::npos) << server_lines(x, {});
}

}  // namespace
}  // namespace parley::trace
