#include "trace/recorder.hpp"

#include "trace/script.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace parley::trace {
namespace {

TEST(Recorder, OwnsWhatAnObservationOnlyShows) {
  recorder seen;
  {
    std::string host = "localhost";
    std::string addresses = "127.0.0.1";
    seen.observe({trace_test::at(5), 7, 0, engine::observed_resolve{host, addresses, true}});
    host.assign(host.size(), 'x');
    addresses.assign(addresses.size(), 'x');
  }
  const auto records = seen.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].connection, 7u);
  EXPECT_EQ(records[0].time, trace_test::at(5));
  EXPECT_EQ(std::get<resolve_step>(records[0].what).host, "localhost");
  EXPECT_EQ(std::get<resolve_step>(records[0].what).addresses, "127.0.0.1");
}

TEST(Recorder, WritesAHeadWithoutWireTextAsItsFields) {
  semantics::response_head response;
  response.status = 404;
  response.version = http2;
  response.fields.add("Content-Type", "text/plain");
  recorder seen;
  seen.observe({trace_test::at(0), 1, 1, engine::observed_head{direction::in, nullptr, &response, {}}});
  const auto records = seen.records();
  const auto& head = std::get<head_step>(records.at(0).what);
  EXPECT_EQ(head.text, ":status: 404\r\ncontent-type: text/plain\r\n\r\n");
  EXPECT_EQ(head.start_line, "HTTP/2 404 Not Found");
  EXPECT_EQ(head.wire_size, 0u);
  EXPECT_FALSE(head.is_request);
}

TEST(Recorder, FoldsRunsOfBytesIntoOne) {
  recorder seen;
  trace_test::script play(seen);
  play.response(0, direction::in, 200, trace_test::response_text);
  for (int i = 1; i <= 1000; ++i) {
    play.bytes(i, direction::in, "0123456789");
    play.data(i, direction::in, 10);
  }
  play.end(1000, direction::in);
  const auto records = seen.records();
  ASSERT_EQ(records.size(), 4u);
  const auto& bytes = std::get<bytes_step>(records[1].what);
  EXPECT_EQ(bytes.size, 10'000u);
  EXPECT_EQ(bytes.calls, 1000u);
  EXPECT_EQ(records[1].time, trace_test::at(1));
  EXPECT_EQ(bytes.last, trace_test::at(1000));
  EXPECT_EQ(std::get<data_step>(records[2].what).size, 10'000u);
}

TEST(Recorder, KeepsRunsOfDifferentStreamsAndDirectionsApart) {
  recorder seen;
  trace_test::script play(seen);
  play.data(1, direction::in, 1, 1);
  play.data(2, direction::in, 1, 3);
  play.data(3, direction::out, 1, 1);
  play.data(4, direction::in, 1, 1);
  EXPECT_EQ(seen.records().size(), 3u);
}

TEST(Recorder, CountsWhatItHasNoRoomFor) {
  recorder seen(3);
  trace_test::script play(seen);
  for (int i = 0; i < 5; ++i) play.end(i, direction::in);
  EXPECT_EQ(seen.records().size(), 3u);
  EXPECT_EQ(seen.dropped(), 2u);
  EXPECT_EQ(seen.take().size(), 3u);
  EXPECT_TRUE(seen.records().empty());
  EXPECT_EQ(seen.dropped(), 0u);
}

TEST(Recorder, IsSharedByLoops) {
  recorder seen;
  std::vector<std::thread> loops;
  for (std::uint64_t connection = 1; connection <= 4; ++connection) {
    loops.emplace_back([&seen, connection] {
      trace_test::script play(seen, connection);
      for (int i = 0; i < 500; ++i) play.end(i, direction::in);
    });
  }
  for (auto& loop : loops) loop.join();
  EXPECT_EQ(seen.records().size(), 2000u);
}

}  // namespace
}  // namespace parley::trace
