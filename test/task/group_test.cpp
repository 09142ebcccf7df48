#include "gate.hpp"

#include <gtest/gtest.h>

namespace task_tests {
namespace {

using parley::task;
using parley::detail::cancel_state;
using parley::net::memory_loop;
using namespace std::chrono_literals;

/// Passes a gate, and takes a few turns to clean up when it is cancelled.
task<int> careful(gate& at, story& told, std::string name) {
  bool was_cancelled = false;
  int value = 0;
  auto wait = at.pass();
  try {
    value = co_await wait;
  } catch (const parley::cancelled&) {
    was_cancelled = true;
  }
  if (was_cancelled) {
    for (int i = 0; i < 3; ++i) {
      auto nothing = [](int n) -> task<int> { co_return n; }(i);
      co_await nothing;
    }
    told.push_back(name + " cleaned up");
    throw parley::cancelled();
  }
  told.push_back(name + " passed");
  co_return value;
}

task<> void_of(task<int> work) { co_await work; }

task<std::string> text_of(task<int> work) {
  const int value = co_await work;
  co_return std::to_string(value);
}

task<std::size_t> first_of_three(std::vector<gate>& gates, story& told) {
  auto b = text_of(careful(gates[1], told, "b"));
  auto c = void_of(careful(gates[2], told, "c"));
  auto race = parley::when_any(careful(gates[0], told, "a"), std::move(b), std::move(c));
  auto first = co_await race;
  told.push_back("over");
  if (first.index() == 0) told.push_back(std::to_string(std::get<0>(first)));
  if (first.index() == 1) told.push_back(std::get<1>(first));
  co_return first.index();
}

TEST(when_any, returns_when_the_losers_have_ended) {
  const story ends[] = {{"a passed", "c cleaned up", "b cleaned up", "over", "7"},
                        {"b passed", "c cleaned up", "a cleaned up", "over", "7"},
                        {"c passed", "b cleaned up", "a cleaned up", "over"}};
  for (std::size_t winner = 0; winner < 3; ++winner) {
    memory_loop loop;
    std::vector<gate> gates(3);
    story told;
    auto s = start(first_of_three(gates, told));
    loop.run_until_idle();
    gates[winner].open(7);
    loop.run_until_idle();
    EXPECT_EQ(**s->end, winner);
    EXPECT_EQ(told, ends[winner]);
  }
}

TEST(when_any, throws_what_the_first_threw) {
  memory_loop loop;
  std::vector<gate> gates(3);
  story told;
  auto s = start(first_of_three(gates, told));
  loop.run_until_idle();
  gates[1].fail(std::make_exception_ptr(std::runtime_error("lost")));
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "lost");
  EXPECT_EQ(told, (story{"c cleaned up", "a cleaned up"}));
}

TEST(when_any, is_cancelled_as_a_whole) {
  memory_loop loop;
  std::vector<gate> gates(3);
  story told;
  cancel_state chain;
  auto s = start(first_of_three(gates, told), &chain);
  loop.run_until_idle();
  chain.cancel();
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "cancelled");
  EXPECT_EQ(told.size(), 3U);
}

task<std::pair<std::size_t, int>> first_of(std::vector<gate>& gates, story& told) {
  std::vector<task<int>> works;
  for (std::size_t i = 0; i < gates.size(); ++i) works.push_back(careful(gates[i], told, std::to_string(i)));
  auto race = parley::when_any(std::move(works));
  auto first = co_await race;
  co_return first;
}

TEST(when_any, tells_which_of_many) {
  memory_loop loop;
  std::vector<gate> gates(20);
  story told;
  auto s = start(first_of(gates, told));
  loop.run_until_idle();
  gates[13].open(99);
  loop.run_until_idle();
  EXPECT_EQ(**s->end, (std::pair<std::size_t, int>(13, 99)));
  EXPECT_EQ(told.size(), 20U);
}

TEST(when_any, needs_a_task) { EXPECT_THROW((void)parley::when_any(std::vector<task<int>>()), std::invalid_argument); }

task<std::string> all_of(std::vector<gate>& gates, story& told) {
  auto b = text_of(careful(gates[1], told, "b"));
  auto c = void_of(careful(gates[2], told, "c"));
  auto all = parley::when_all(careful(gates[0], told, "a"), std::move(b), std::move(c));
  auto values = co_await all;
  const std::monostate last = std::get<2>(values);
  static_cast<void>(last);
  co_return std::to_string(std::get<0>(values)) + std::get<1>(values);
}

TEST(when_all, waits_for_all_and_keeps_their_order) {
  memory_loop loop;
  std::vector<gate> gates(3);
  story told;
  auto s = start(all_of(gates, told));
  loop.run_until_idle();
  for (const std::size_t i : {2, 1, 0}) {
    EXPECT_FALSE(s->ended());
    gates[i].open(static_cast<int>(i) + 1);
    loop.run_until_idle();
  }
  EXPECT_EQ(**s->end, "12");
  EXPECT_EQ(told, (story{"c passed", "b passed", "a passed"}));
}

TEST(when_all, the_first_exception_cancels_the_others) {
  memory_loop loop;
  std::vector<gate> gates(3);
  story told;
  auto s = start(all_of(gates, told));
  loop.run_until_idle();
  gates[0].open(1);
  loop.run_until_idle();
  gates[2].fail(std::make_exception_ptr(std::runtime_error("lost")));
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "lost");
  EXPECT_EQ(told, (story{"a passed", "b cleaned up"}));
}

task<std::vector<int>> all_numbers(int n) {
  std::vector<task<int>> works;
  for (int i = 0; i < n; ++i) works.push_back([](int k) -> task<int> { co_return k; }(i));
  auto all = parley::when_all(std::move(works));
  auto values = co_await all;
  co_return values;
}

task<> all_nothing(int n, int& count) {
  std::vector<task<>> works;
  for (int i = 0; i < n; ++i) {
    works.push_back([](int& to) -> task<> {
      ++to;
      co_return;
    }(count));
  }
  auto all = parley::when_all(std::move(works));
  co_await all;
}

TEST(when_all, of_many) {
  const std::vector<int> values = parley::run(all_numbers(1000));
  ASSERT_EQ(values.size(), 1000U);
  EXPECT_EQ(values[999], 999);
  EXPECT_TRUE(parley::run(all_numbers(0)).empty());
  int count = 0;
  parley::run(all_nothing(1000, count));
  EXPECT_EQ(count, 1000);
}

task<> nested_race(gate& at, story& told) {
  auto inner = parley::when_any(careful(at, told, "inner"), parley::sleep_for(1h));
  auto race = parley::when_any(std::move(inner), parley::sleep_for(1s));
  auto first = co_await race;
  told.push_back(std::to_string(first.index()));
}

TEST(when_any, nests) {
  memory_loop loop;
  gate at;
  story told;
  auto s = start(nested_race(at, told));
  const auto before = loop.now();
  loop.run_until_idle();
  EXPECT_EQ(told, (story{"inner cleaned up", "1"}));
  EXPECT_EQ(loop.now() - before, 1s);
}

}  // namespace
}  // namespace task_tests
