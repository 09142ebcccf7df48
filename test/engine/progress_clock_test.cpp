#include "engine/progress_clock.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using parley::engine::progress_clock;
constexpr progress_clock::time_point epoch{1h};

TEST(progress_clock, without_a_rate_any_byte_gives_the_whole_time_again) {
  progress_clock c;
  c.start(epoch, 30s);
  EXPECT_EQ(c.until(), epoch + 30s);
  c.progress(0, epoch + 5s, 0, 30s);
  EXPECT_EQ(c.until(), epoch + 30s) << "nothing is no progress";
  c.progress(1, epoch + 20s, 0, 30s);
  EXPECT_EQ(c.until(), epoch + 50s);
  EXPECT_FALSE(c.stalled(epoch + 49s, 30s));
  EXPECT_TRUE(c.stalled(epoch + 50s, 30s));
}

TEST(progress_clock, with_a_rate_a_byte_buys_its_time) {
  progress_clock c;
  c.start(epoch, 30s);
  c.progress(100, epoch + 20s, 100, 30s);
  EXPECT_EQ(c.until(), epoch + 31s);
  c.progress(50, epoch + 21s, 100, 30s);
  EXPECT_EQ(c.until(), epoch + 31500ms);
  c.progress(1'000'000, epoch + 25s, 100, 30s);
  EXPECT_EQ(c.until(), epoch + 55s) << "never more than the patience in store";
}

TEST(progress_clock, large_numbers) {
  progress_clock c;
  c.start(epoch, 30s);
  c.progress(UINT64_MAX, epoch + 1s, 1, 30s);
  EXPECT_EQ(c.until(), epoch + 31s);
  c.progress(1, epoch + 2s, 4'000'000'000, 30s);
  EXPECT_EQ(c.until(), epoch + 31s);
  c.progress(3'999'999'999, epoch + 2s, 4'000'000'000, 1h);
  EXPECT_EQ(c.until(), epoch + 31s + 999'999'999ns);
}

}  // namespace
