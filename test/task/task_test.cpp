#include "gate.hpp"

#include <gtest/gtest.h>

#include <array>

namespace task_tests {
namespace {

namespace net = parley::net;

using parley::task;

task<int> number(int n) { co_return n; }
task<std::unique_ptr<int>> boxed(int n) { co_return std::make_unique<int>(n); }
task<> nothing() { co_return; }
task<int> broken() {
  throw std::runtime_error("broken");
  co_return 0;
}

task<int> sum(int a, int b) {
  auto first = number(a);
  const int x = co_await first;
  const int y = co_await number(b);
  co_return x + y;
}

TEST(task, gives_values) {
  net::memory_loop loop;
  auto s = start(sum(2, 3));
  loop.run_until_idle();
  EXPECT_EQ(**s->end, 5);
}

TEST(task, gives_what_can_only_be_moved) { EXPECT_EQ(*parley::run(boxed(7)), 7); }

TEST(task, ends_without_a_value) { parley::run(nothing()); }

task<std::string> caught() {
  std::string what;
  auto failing = broken();
  try {
    co_await failing;
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  co_return what;
}

TEST(task, hands_exceptions_to_who_awaits) {
  EXPECT_EQ(parley::run(caught()), "broken");
  EXPECT_THROW(parley::run(broken()), std::runtime_error);
}

task<> tell(story& to, std::string what) {
  to.push_back(std::move(what));
  co_return;
}

task<> in_order(story& to) {
  auto later = tell(to, "later");
  to.push_back("first");
  co_await later;
  to.push_back("last");
}

TEST(task, begins_when_it_is_awaited) {
  story told;
  parley::run(in_order(told));
  EXPECT_EQ(told, (story{"first", "later", "last"}));
}

TEST(task, may_be_dropped_before_it_begins) {
  auto counter = std::make_shared<int>(0);
  auto work = [](std::shared_ptr<int> mine) -> task<> {
    ++*mine;
    co_return;
  };
  {
    const auto dropped = work(counter);
  }
  EXPECT_EQ(*counter, 0);
  EXPECT_EQ(counter.use_count(), 1);
}

TEST(task, moves) {
  task<int> a = number(1);
  task<int> b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT: moved from on purpose
  EXPECT_TRUE(b);
  b = number(2);
  EXPECT_EQ(parley::run(std::move(b)), 2);
}

task<> twice() {
  auto once = number(1);
  co_await once;
  co_await once;
}

TEST(task, can_be_awaited_once) { EXPECT_THROW(parley::run(twice()), std::logic_error); }

struct noisy {
  explicit noisy(story& to) : told(&to) {}
  noisy(noisy&& other) noexcept : told(std::exchange(other.told, nullptr)) {}
  ~noisy() {
    if (told != nullptr) told->push_back("freed");
  }
  story* told;
};

task<> holds(noisy mine) {
  co_await nothing();
  mine.told->push_back("inside");
}

task<> outer(story& told) {
  auto held = holds(noisy(told));
  co_await held;
  told.push_back("after");
}

TEST(task, frees_its_frame_when_the_await_returns) {
  story told;
  parley::run(outer(told));
  EXPECT_EQ(told, (story{"inside", "freed", "after"}));
}

task<std::size_t> many_sequential(int n) {
  std::size_t total = 0;
  for (int i = 0; i < n; ++i) {
    auto one = number(1);
    const int got = co_await one;
    total += static_cast<std::size_t>(got);
  }
  co_return total;
}

TEST(task, awaits_100000_tasks_in_a_row) { EXPECT_EQ(parley::run(many_sequential(100'000)), 100'000U); }

task<std::size_t> nested(std::size_t depth, std::uintptr_t& lowest, std::uintptr_t& highest) {
  char here = 0;
  const auto at = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  lowest = std::min(lowest, at);
  highest = std::max(highest, at);
  if (depth == 0) co_return static_cast<std::size_t>(here);
  auto inner = nested(depth - 1, lowest, highest);
  const std::size_t below = co_await inner;
  co_return below + 1;
}

TEST(task, nests_100000_deep_without_a_stack) {
  std::uintptr_t lowest = UINTPTR_MAX;
  std::uintptr_t highest = 0;
  EXPECT_EQ(parley::run(nested(100'000, lowest, highest)), 100'000U);
  EXPECT_LT(highest - lowest, 4096U);
}

task<std::size_t> nested_failure(std::size_t depth) {
  if (depth == 0) throw std::runtime_error("bottom");
  auto inner = nested_failure(depth - 1);
  const std::size_t below = co_await inner;
  co_return below;
}

TEST(task, an_exception_climbs_a_deep_chain) { EXPECT_THROW(parley::run(nested_failure(10'000)), std::runtime_error); }

task<std::string> text_of(std::string a, std::array<std::string, 3> b) {
  const int n = co_await number(1);
  co_return a + b[static_cast<std::size_t>(n)];
}

task<std::string> with_temporaries() {
  const std::string longer(40, 'x');
  auto work = text_of(longer + "a long string that lives on the heap", {longer, longer + "y", longer});
  auto text = co_await work;
  co_return text;
}

// g++ 12 double-frees some temporaries; AddressSanitizer looks at this one.
TEST(task, keeps_parameters_that_live_on_the_heap) { EXPECT_EQ(parley::run(with_temporaries()).size(), 40U + 36U + 41U); }

task<int> loop_here() { co_return parley::on_loop_thread() ? 1 : 0; }
task<int> run_within() { co_return parley::run(number(1)); }

TEST(run, is_a_loop_s_thread_meanwhile) {
  EXPECT_FALSE(parley::on_loop_thread());
  EXPECT_EQ(parley::run(loop_here()), 1);
  EXPECT_FALSE(parley::on_loop_thread());
}

TEST(run, refuses_on_a_loop_s_thread) { EXPECT_THROW(parley::run(run_within()), std::logic_error); }

}  // namespace
}  // namespace task_tests
