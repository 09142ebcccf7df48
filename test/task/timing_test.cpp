#include "gate.hpp"

#include <gtest/gtest.h>

namespace task_tests {
namespace {

using parley::task;
using parley::detail::cancel_state;
using parley::net::memory_loop;
using namespace std::chrono_literals;

task<> sleeps(story& told, std::chrono::milliseconds how_long) {
  auto nap = parley::sleep_for(how_long);
  co_await nap;
  told.push_back(std::to_string(how_long.count()));
}

TEST(sleep, ends_in_time_s_order) {
  memory_loop loop;
  story told;
  const auto before = loop.now();
  for (const auto t : {30ms, 10ms, 20ms}) parley::spawn(sleeps(told, t));
  loop.run_until_idle();
  EXPECT_EQ(told, (story{"10", "20", "30"}));
  EXPECT_EQ(loop.now() - before, 30ms);
}

task<> sleeps_until(std::chrono::steady_clock::time_point when) {
  auto nap = parley::sleep_until(when);
  co_await nap;
}

TEST(sleep, until_the_past_or_the_end_of_time) {
  memory_loop loop;
  auto past = start(sleeps_until(loop.now() - 1h));
  cancel_state chain;
  auto never = start(parley::sleep_for(std::chrono::steady_clock::duration::max()), &chain);
  loop.run_for(1h);
  EXPECT_EQ(past->how(), "value");
  EXPECT_EQ(never->how(), "under way");
  chain.cancel();
  loop.run_until_idle();
  EXPECT_EQ(never->how(), "cancelled");
}

TEST(sleep, on_the_system_s_clock) {
  const auto before = std::chrono::steady_clock::now();
  parley::run(parley::sleep_for(2ms));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 2ms);
}

task<> takes_turns(story& told, std::string name) {
  for (int i = 0; i < 3; ++i) {
    told.push_back(name);
    auto turn = parley::yield();
    co_await turn;
  }
}

TEST(yield, lets_others_go) {
  for (const bool real : {false, true}) {
    story told;
    auto both = parley::when_all(takes_turns(told, "a"), takes_turns(told, "b"));
    if (real) {
      parley::run(std::move(both));
    } else {
      memory_loop loop;
      auto s = start(std::move(both));
      loop.run_until_idle();
    }
    EXPECT_EQ(told, (story{"a", "b", "a", "b", "a", "b"}));
  }
}

TEST(yield, is_cancelled) {
  memory_loop loop;
  cancel_state chain;
  story told;
  auto s = start(takes_turns(told, "a"), &chain);
  loop.run_one_turn();
  chain.cancel();
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "cancelled");
  EXPECT_LT(told.size(), 3U);
}

task<int> waits_at(gate& at) {
  auto wait = at.pass();
  const int value = co_await wait;
  co_return value;
}

TEST(timeout, gives_the_value_that_came_in_time) {
  memory_loop loop;
  gate at;
  auto s = start(parley::timeout(1s, waits_at(at)));
  loop.run_for(999ms);
  at.open(4);
  loop.run_until_idle();
  EXPECT_EQ(**s->end, 4);
}

TEST(timeout, throws_when_it_is_late) {
  memory_loop loop;
  gate at;
  auto s = start(parley::timeout(1s, waits_at(at)));
  loop.run_for(1s);
  EXPECT_EQ(s->how(), "timed out");
  EXPECT_EQ(at.cancelled, 1);
}

TEST(timeout, of_a_chain_that_is_cancelled_is_cancelled) {
  memory_loop loop;
  gate at;
  cancel_state chain;
  auto s = start(parley::timeout(1s, waits_at(at)), &chain);
  loop.run_for(10ms);
  chain.cancel();
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "cancelled");
}

task<int> answers_late(gate& at) {
  auto wait = at.pass();
  int value = 0;
  try {
    value = co_await wait;
  } catch (const parley::cancelled&) {
    value = -1;
  }
  co_return value;
}

TEST(timeout, gives_a_value_that_came_nonetheless) {
  memory_loop loop;
  gate at;
  auto s = start(parley::timeout(1s, answers_late(at)));
  loop.run_until_idle();
  EXPECT_EQ(**s->end, -1);
}

TEST(timeout, passes_other_exceptions_through) {
  memory_loop loop;
  gate at;
  auto s = start(parley::timeout(1s, waits_at(at)));
  loop.run_for(10ms);
  at.fail(std::make_exception_ptr(std::runtime_error("lost")));
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "lost");
}

task<std::string> two_limits() {
  auto inner = parley::timeout(1s, parley::sleep_for(1h));
  auto outer = parley::timeout(10s, std::move(inner));
  std::string told = "in time";
  try {
    co_await outer;
  } catch (const parley::timed_out&) {
    told = "late";
  }
  auto after = parley::sleep_for(5s);
  co_await after;  // the limits are gone
  co_return told;
}

TEST(timeout, nests) {
  memory_loop loop;
  const auto before = loop.now();
  auto s = start(two_limits());
  loop.run_until_idle();
  EXPECT_EQ(**s->end, "late");
  EXPECT_EQ(loop.now() - before, 6s);
}

}  // namespace
}  // namespace task_tests
