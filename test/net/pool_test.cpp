#include "net/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <set>

namespace net_tests {
namespace {

namespace net = parley::net;

TEST(pool, runs_everything_before_it_ends) {
  std::atomic<int> count = 0;
  {
    net::pool pool(3, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.submit([&] { ++count; }));
  }
  EXPECT_EQ(count, 500);
}

TEST(pool, that_was_never_used_ends) { const net::pool pool(4, 4); }

TEST(pool, is_bounded_twice) {
  std::latch go_on(1);
  std::latch begun(2);
  std::atomic<int> ran = 0;
  {
    net::pool pool(2, 3);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(pool.submit([&] {
        begun.count_down();
        go_on.wait();
        ++ran;
      }));
    }
    begun.wait();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(pool.submit([&] { ++ran; }));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(pool.submit([&] { ++ran; }));
    go_on.count_down();
  }
  EXPECT_EQ(ran, 5);
}

TEST(pool, takes_what_its_threads_can_take_though_nothing_may_wait) {
  std::latch all(3);
  net::pool pool(3, 0);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      all.count_down();
      all.wait();  // so each has a thread of its own
    }));
  }
  all.wait();
}

TEST(pool, a_job_may_submit_another) {
  std::latch done(1);
  net::pool pool(1, 4);
  ASSERT_TRUE(pool.submit([&] { EXPECT_TRUE(pool.submit([&] { done.count_down(); })); }));
  done.wait();
}

TEST(pool, frees_a_job_when_it_has_run) {
  const auto held = std::make_shared<int>(1);
  {
    net::pool pool(1, 4);
    ASSERT_TRUE(pool.submit([held] {}));
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace net_tests
