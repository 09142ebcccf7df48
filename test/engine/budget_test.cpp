#include "engine/budget.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using parley::engine::budget;
constexpr budget::time_point epoch{1h};

TEST(budget, is_full_at_first_and_no_more_than_that) {
  budget b(3, 30s);
  EXPECT_EQ(b.left(epoch), 3U);
  EXPECT_TRUE(b.spend(epoch));
  EXPECT_TRUE(b.spend(epoch));
  EXPECT_TRUE(b.spend(epoch));
  EXPECT_EQ(b.left(epoch), 0U);
  EXPECT_FALSE(b.spend(epoch));
  EXPECT_FALSE(b.spend(epoch));
}

TEST(budget, is_refilled_evenly) {
  budget b(3, 30s);
  EXPECT_TRUE(b.spend(epoch, 3));
  EXPECT_FALSE(b.spend(epoch + 9'999ms));
  EXPECT_EQ(b.left(epoch + 9'999ms), 0U);
  EXPECT_EQ(b.left(epoch + 10s), 1U);
  EXPECT_TRUE(b.spend(epoch + 10s)) << "what was refused cost nothing";
  EXPECT_FALSE(b.spend(epoch + 19s));
  EXPECT_TRUE(b.spend(epoch + 20s));
  EXPECT_EQ(b.left(epoch + 10min), 3U) << "never more than its size";
  EXPECT_TRUE(b.spend(epoch + 10min, 3));
  EXPECT_FALSE(b.spend(epoch + 10min));
}

TEST(budget, a_steady_rate_below_its_own_lasts_for_ever) {
  budget b(200, 30s);
  auto now = epoch;
  for (int i = 0; i < 10'000; ++i, now += 150ms) ASSERT_TRUE(b.spend(now)) << i;
  // Above it, the store is what can be borrowed: of two a turn, one is refilled.
  int taken = 0;
  while (b.spend(now, 2)) {
    ++taken;
    now += 150ms;
  }
  EXPECT_EQ(taken, 199);
}

TEST(budget, many_at_once_or_none) {
  budget b(10, 10s);
  EXPECT_FALSE(b.spend(epoch, 11));
  EXPECT_TRUE(b.spend(epoch, 7));
  EXPECT_FALSE(b.spend(epoch, 4));
  EXPECT_TRUE(b.spend(epoch, 3));
  EXPECT_FALSE(b.spend(epoch, SIZE_MAX));
}

TEST(budget, edges) {
  budget none(0, 30s);
  EXPECT_FALSE(none.spend(epoch));
  EXPECT_EQ(none.left(epoch), 0U);
  budget at_once(2, 0ms);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(at_once.spend(epoch, 2));
  budget huge(SIZE_MAX, std::chrono::milliseconds::max());
  EXPECT_TRUE(huge.spend(epoch, 1'000'000'000));
  EXPECT_FALSE(huge.spend(epoch, 1'000'000'000));
  EXPECT_TRUE(huge.spend(epoch + 24h * 400));
  budget before(2, 2s);
  EXPECT_TRUE(before.spend(budget::time_point(-1h), 2)) << "clocks may start anywhere";
  EXPECT_FALSE(before.spend(budget::time_point(-1h)));
}

}  // namespace
