#include "net/loop.hpp"

#include "net/memory_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>

namespace net_tests {
namespace {

namespace net = parley::net;
using namespace std::chrono_literals;
using story = std::vector<std::string>;

/// Every promise of a loop is one of the real and of the virtual one.
class each_loop : public testing::TestWithParam<bool> {
 protected:
  static std::unique_ptr<net::loop> make() {
    if (GetParam()) return net::loop::make();
    return std::make_unique<net::memory_loop>();
  }
};
INSTANTIATE_TEST_SUITE_P(loops, each_loop, testing::Values(false, true),
                         [](const auto& row) { return std::string(row.param ? "real" : "virtual"); });

TEST_P(each_loop, does_deferred_work_after_the_callback) {
  const auto loop = make();
  story told;
  loop->post([&] {
    loop->defer([&] {
      told.push_back("deferred");
      loop->defer([&] { told.push_back("deferred by that"); });
    });
    told.push_back("callback");
  });
  loop->post([&] { told.push_back("next callback"); });
  loop->run_until_idle();
  EXPECT_EQ(told, (story{"callback", "deferred", "deferred by that", "next callback"}));
}

TEST_P(each_loop, is_current_while_it_runs) {
  const auto loop = make();
  net::loop* seen = nullptr;
  loop->post([&] { seen = net::loop::current(); });
  loop->run_until_idle();
  EXPECT_EQ(seen, loop.get());
}

TEST_P(each_loop, takes_posts_from_threads) {
  constexpr int threads = 4;
  constexpr int each = 2000;
  const auto loop = make();
  int count = 0;  // the loop's thread only
  loop->post([&] { loop->outside_begins(); });
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        loop->post([&] {
          if (++count == threads * each) loop->outside_ends();
        });
      }
    });
  }
  loop->run_until_idle();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(count, threads * each);
}

TEST_P(each_loop, is_stopped_from_a_thread) {
  const auto loop = make();
  loop->post([&] { loop->outside_begins(); });
  std::thread stopper([&] { loop->post([&] { loop->stop(); }); });
  loop->run();
  stopper.join();
  std::thread second([&] { loop->stop(); });
  loop->run();
  second.join();
}

TEST_P(each_loop, a_stop_from_before_counts) {
  const auto loop = make();
  loop->post([] { FAIL(); });
  loop->stop();
  loop->run();
}

TEST_P(each_loop, runs_again_after_a_stop) {
  const auto loop = make();
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    loop->post([&] {
      ++runs;
      loop->stop();
    });
    loop->run();
  }
  EXPECT_EQ(runs, 3);
}

TEST_P(each_loop, remote_posts_fail_once_it_is_gone) {
  auto loop = make();
  const net::remote back = loop->remote();
  int calls = 0;
  EXPECT_TRUE(back.post([&] { ++calls; }));
  loop->run_until_idle();
  loop.reset();
  EXPECT_FALSE(back.post([&] { ++calls; }));
  EXPECT_EQ(calls, 1);
}

TEST_P(each_loop, passes_an_exception_on_and_goes_on) {
  const auto loop = make();
  loop->post([] { throw std::runtime_error("out"); });
  int calls = 0;
  loop->post([&] { ++calls; });
  EXPECT_THROW(loop->run_until_idle(), std::runtime_error);
  loop->run_until_idle();
  EXPECT_EQ(calls, 1);
}

TEST_P(each_loop, fires_timers_in_order) {
  const auto loop = make();
  story told;
  std::vector<std::unique_ptr<net::timer>> timers;
  const auto start = loop->now();
  for (const int ms : {5, 1, 4, 2, 3}) {
    timers.push_back(std::make_unique<net::timer>(*loop, [&told, ms] { told.push_back(std::to_string(ms)); }));
    timers.back()->arm(start + ms * 1ms);
  }
  loop->run_until_idle();
  EXPECT_EQ(told, (story{"1", "2", "3", "4", "5"}));
  EXPECT_GE(loop->now() - start, 5ms);
}

TEST_P(each_loop, a_timer_fires_once_and_not_early) {
  const auto loop = make();
  int fired = 0;
  const auto start = loop->now();
  net::timer timer(*loop, [&] {
    ++fired;
    EXPECT_GE(loop->now(), start + 3ms);
  });
  timer.arm(start + 1ms);
  timer.arm(start + 3ms);  // put off: corrected when the old time comes
  EXPECT_TRUE(timer.armed());
  loop->run_until_idle();
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(fired, 1);
}

TEST_P(each_loop, a_timer_is_put_forward) {
  const auto loop = make();
  const auto start = loop->now();
  int fired = 0;
  net::timer timer(*loop, [&] { ++fired; });
  timer.arm(start + 24h);
  timer.arm(start + 1ms);
  loop->run_until_idle();
  EXPECT_EQ(fired, 1);
}

TEST_P(each_loop, a_cancelled_timer_is_nothing_to_wait_for) {
  const auto loop = make();
  net::timer timer(*loop, [] { FAIL(); });
  net::timer other(*loop, [&] { timer.cancel(); });
  const auto start = loop->now();
  timer.arm(start + 24h);
  other.arm(start + 1ms);
  loop->run_until_idle();
  EXPECT_LT(loop->now() - start, 1h);
}

TEST_P(each_loop, a_callback_arms_cancels_and_destroys_timers) {
  const auto loop = make();
  const auto start = loop->now();
  story told;
  std::unique_ptr<net::timer> destroyed = std::make_unique<net::timer>(*loop, [] { FAIL(); });
  std::unique_ptr<net::timer> itself;
  net::timer cancelled(*loop, [] { FAIL(); });
  net::timer armed(*loop, [&] { told.push_back("armed"); });
  int again = 0;
  std::unique_ptr<net::timer> rearmed = std::make_unique<net::timer>(*loop, [&] {
    told.push_back("again");
    if (++again < 3) rearmed->arm(loop->now() + 1ms);
  });
  net::timer first(*loop, [&] {
    destroyed.reset();
    cancelled.cancel();
    armed.arm(start);
    rearmed->arm(start + 1ms);
  });
  itself = std::make_unique<net::timer>(*loop, [&] { itself.reset(); });
  first.arm(start + 1ms);
  itself->arm(start + 1ms);
  destroyed->arm(start + 2ms);
  cancelled.arm(start + 2ms);
  loop->run_until_idle();
  EXPECT_EQ(told, (story{"armed", "again", "again", "again"}));
  EXPECT_EQ(itself, nullptr);
}

TEST_P(each_loop, a_timer_that_is_always_due_leaves_turns_for_others) {
  const auto loop = make();
  int fired = 0;
  bool posted = false;
  std::function<void()> again;
  net::timer forever(*loop, [&] {
    ++fired;
    if (fired == 10) loop->post([&] { posted = true; });
    if (!posted && fired < 100000) again();
  });
  again = [&] { forever.arm(loop->now()); };
  again();
  loop->run_until_idle();
  EXPECT_TRUE(posted);
  EXPECT_LT(fired, 100000);
}

/// Compares with the simplest queue there is.
TEST_P(each_loop, many_timers_armed_and_cancelled_at_random) {
  const auto loop = make();
  const auto start = loop->now();
  std::uint32_t random = 12345;
  const auto next = [&](std::uint32_t below) {
    random = random * 1664525U + 1013904223U;
    return (random >> 8) % below;
  };
  struct one {
    std::unique_ptr<net::timer> timer;
    std::optional<net::time_point> when;
  };
  std::vector<one> all(200);
  std::size_t fired = 0;
  net::time_point last = start;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].timer = std::make_unique<net::timer>(*loop, [&, i] {
      ASSERT_TRUE(all[i].when.has_value());
      EXPECT_GE(*all[i].when, last);
      EXPECT_LE(*all[i].when, loop->now());
      last = *all[i].when;
      all[i].when.reset();
      ++fired;
    });
  }
  for (int step = 0; step < 5000; ++step) {
    one& t = all[next(200)];
    if (next(4) == 0) {
      t.timer->cancel();
      t.when.reset();
    } else {
      t.when = start + std::chrono::microseconds(next(5000));
      t.timer->arm(*t.when);
    }
  }
  const auto armed = static_cast<std::size_t>(std::ranges::count_if(all, [](const one& t) { return t.when.has_value(); }));
  loop->run_until_idle();
  EXPECT_EQ(fired, armed);
}

}  // namespace
}  // namespace net_tests
