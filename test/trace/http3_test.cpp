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
