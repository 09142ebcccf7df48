#include "gate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <thread>

namespace task_tests {
namespace {

using parley::task;
using namespace std::chrono_literals;

/// The whole program's pool: two threads, three jobs that wait.
const bool small_pool = [] {
  parley::set_blocking_pool(2, 3);
  return true;
}();

/// Two functions that block both threads until the test lets them go.
struct both_busy {
  std::shared_ptr<std::latch> begun = std::make_shared<std::latch>(2);
  std::shared_ptr<std::latch> go_on = std::make_shared<std::latch>(1);
  [[nodiscard]] task<int> work(int n) const {
    return parley::blocking([begun = begun, go_on = go_on, n] {
      begun->count_down();
      go_on->wait();
      return n;
    });
  }
};

task<std::string> on_another_thread() {
  auto work = parley::blocking(
      [here = std::this_thread::get_id()] { return std::string(std::this_thread::get_id() == here ? "same" : "another"); });
  auto text = co_await work;
  co_return text;
}

TEST(blocking, runs_on_another_thread) {
  ASSERT_TRUE(small_pool);
  EXPECT_EQ(parley::run(on_another_thread()), "another");
}

TEST(blocking, gives_what_can_only_be_moved_and_nothing) {
  auto box = parley::blocking([n = std::make_unique<int>(8)]() mutable { return std::move(n); });
  EXPECT_EQ(*parley::run(std::move(box)), 8);
  parley::run(parley::blocking([] {}));
}

TEST(blocking, throws_what_the_function_threw) {
  EXPECT_THROW(parley::run(parley::blocking([]() -> int { throw std::runtime_error("no"); })), std::runtime_error);
}

task<> hundred() {
  std::vector<task<int>> works;
  for (int i = 0; i < 3; ++i) works.push_back(parley::blocking([i] { return i; }));  // fit even while both threads finish others
  for (int round = 0; round < 20; ++round) {
    auto one = parley::blocking([round] { return round; });
    const int n = co_await one;
    EXPECT_EQ(n, round);
  }
  auto all = parley::when_all(std::move(works));
  const auto values = co_await all;
  EXPECT_EQ(values, (std::vector{0, 1, 2}));
}

TEST(blocking, many) { parley::run(hundred()); }

/// Waits on the pool until both threads are busy.
task<> fill(const both_busy& busy, std::vector<std::unique_ptr<started<int>>>& jobs) {
  jobs.push_back(start(busy.work(1)));
  jobs.push_back(start(busy.work(2)));
  auto turn = parley::yield();
  co_await turn;
  busy.begun->wait();  // their threads come here without this loop's help
}

task<> overload() {
  const both_busy busy;
  std::vector<std::unique_ptr<started<int>>> jobs;
  auto filled = fill(busy, jobs);
  co_await filled;
  for (int i = 0; i < 3; ++i) jobs.push_back(start(parley::blocking([i] { return 10 + i; })));
  auto turn = parley::yield();
  co_await turn;
  auto one_more = start(parley::blocking([] { return 0; }));
  auto another_turn = parley::yield();
  co_await another_turn;
  EXPECT_EQ(one_more->how(), "overloaded");
  busy.go_on->count_down();
  while (!std::ranges::all_of(jobs, [](const auto& job) { return job->ended(); })) {
    auto next = parley::yield();
    co_await next;
  }
  for (const auto& job : jobs) EXPECT_EQ(job->how(), "value");
}

TEST(blocking, refuses_when_the_pool_is_full) { parley::run(overload()); }

task<> leave_early() {
  const both_busy busy;
  parley::detail::cancel_state chain;
  std::vector<std::unique_ptr<started<int>>> jobs;
  jobs.push_back(start(busy.work(1), &chain));
  jobs.push_back(start(busy.work(2)));
  auto turn = parley::yield();
  co_await turn;
  busy.begun->wait();
  auto ran = std::make_shared<bool>(false);
  auto queued = start(parley::blocking([ran] { *ran = true; }), &chain);
  auto second_turn = parley::yield();
  co_await second_turn;
  chain.cancel();
  auto third_turn = parley::yield();
  co_await third_turn;
  EXPECT_EQ(jobs[0]->how(), "cancelled") << "though its function still blocks";
  EXPECT_EQ(queued->how(), "cancelled");
  busy.go_on->count_down();
  while (!jobs[1]->ended()) {
    auto next = parley::yield();
    co_await next;
  }
  auto last = parley::blocking([] {});  // after the queued one in the pool
  co_await last;
  EXPECT_FALSE(*ran) << "no thread had begun it";
}

TEST(blocking, is_left_early_when_cancelled) { parley::run(leave_early()); }

task<> time_limit(std::shared_ptr<std::latch> go_on) {
  auto slow = parley::timeout(1ms, parley::blocking([go_on] { go_on->wait(); }));
  co_await slow;
}

TEST(blocking, may_outlive_its_loop) {
  auto go_on = std::make_shared<std::latch>(1);
  EXPECT_THROW(parley::run(time_limit(go_on)), parley::timed_out);
  go_on->count_down();
  parley::run(parley::blocking([] {}));
}

TEST(blocking, on_a_virtual_loop_time_stands_still) {
  parley::net::memory_loop loop;
  const auto before = loop.now();
  auto s = start(parley::timeout(1ms, parley::blocking([] { return 3; })));
  loop.run_until_idle();
  EXPECT_EQ(**s->end, 3);
  EXPECT_EQ(loop.now(), before);
}

TEST(blocking, a_function_can_look_at_a_token) {
  parley::net::memory_loop loop;
  parley::cancel_source source;
  auto s = start(parley::blocking([token = source.token()] {
    while (!token.cancelled()) std::this_thread::yield();
    return 1;
  }));
  loop.run_one_turn();
  source.cancel();
  loop.run_until_idle();
  EXPECT_EQ(**s->end, 1);
}

TEST(set_blocking_pool, comes_too_late_after_the_first_use) {
  parley::run(parley::blocking([] {}));
  EXPECT_THROW(parley::set_blocking_pool(1, 1), std::logic_error);
}

}  // namespace
}  // namespace task_tests
