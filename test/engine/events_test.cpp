#include "engine/events.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "engine/event_queue.hpp"
#include "engine/watcher.hpp"

namespace parley::engine {
namespace {

TEST(chunk, size) {
  EXPECT_EQ(chunk{}.size(), 0u);
  EXPECT_EQ((chunk{chunk::view{"abc"}}).size(), 3u);
  EXPECT_EQ((chunk{chunk::owned{"abcd"}}).size(), 4u);
  EXPECT_EQ((chunk{chunk::shared{"ab", nullptr}}).size(), 2u);
  EXPECT_EQ((chunk{chunk::file{3, 10, std::uint64_t{1} << 40, nullptr}}).size(), std::uint64_t{1} << 40);
}

TEST(misuse, each_has_a_sentence_of_its_own) {
  std::set<std::string_view> sentences;
  for (int i = 0; i <= static_cast<int>(misuse::fields_too_large); ++i) sentences.insert(describe(static_cast<misuse>(i)));
  EXPECT_EQ(sentences.size(), static_cast<std::size_t>(misuse::fields_too_large) + 1);
}

TEST(event_queue, first_in_first_out_across_growth) {
  event_queue q;
  EXPECT_FALSE(q.pop());
  stream_id in = 0;
  stream_id out = 0;
  for (int round = 1; round < 40; ++round) {
    for (int i = 0; i < round; ++i) q.push(complete_event{++in});
    for (int i = 0; i < round / 2; ++i) EXPECT_EQ(std::get<complete_event>(*q.pop()).id, ++out);
    EXPECT_EQ(q.size(), in - out);
  }
  while (auto e = q.pop()) EXPECT_EQ(std::get<complete_event>(*e).id, ++out);
  EXPECT_EQ(in, out);
  EXPECT_TRUE(q.empty());
}

TEST(watcher, tells_only_who_looks) {
  struct counter final : observer {
    void observe(const observation& seen) noexcept override {
      ++count;
      EXPECT_EQ(seen.connection, 5u);
      EXPECT_EQ(seen.stream, 3u);
      EXPECT_EQ(std::get<observed_close>(seen.what).reason, "why");
    }
    int count = 0;
  };
  counter sink;
  watcher w;
  EXPECT_FALSE(w);
  w({}, 3, observed_close{"why"});
  w.attach(&sink, 5);
  EXPECT_TRUE(w);
  w({}, 3, observed_close{"why"});
  EXPECT_EQ(sink.count, 1);
}

}  // namespace
}  // namespace parley::engine
