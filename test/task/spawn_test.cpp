#include "gate.hpp"

#include <gtest/gtest.h>

namespace task_tests {
namespace {

using parley::task;
using parley::net::memory_loop;
using namespace std::chrono_literals;

task<> fails() {
  auto nap = parley::sleep_for(1ms);
  co_await nap;
  throw std::runtime_error("spawned and lost");
}

TEST(spawn, needs_a_loop) { EXPECT_THROW(parley::spawn(fails()), std::logic_error); }

TEST(spawn, reports_what_escapes) {
  std::string seen;
  parley::set_unhandled([&](std::exception_ptr error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      seen = e.what();
    }
  });
  {
    memory_loop loop;
    parley::spawn(fails());
    loop.run_until_idle();
  }
  EXPECT_EQ(seen, "spawned and lost");
  parley::set_unhandled(nullptr);
}

TEST(spawn, prints_what_escapes_by_default) {
  memory_loop loop;
  parley::spawn(fails());
  testing::internal::CaptureStderr();
  loop.run_until_idle();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "parley: a spawned task failed: spawned and lost\n");
}

struct farewell {
  story& told;
  ~farewell() { told.push_back("ended"); }
};

task<> for_ever(story& told) {
  const farewell end{told};
  auto nap = parley::sleep_for(std::chrono::hours(24));
  co_await nap;
}

task<> spawns(story& told) {
  parley::spawn(for_ever(told));
  auto turn = parley::yield();
  co_await turn;
  told.push_back("leaving");
}

TEST(spawn, is_cancelled_and_awaited_at_the_end_of_run) {
  story told;
  testing::internal::CaptureStderr();
  parley::run(spawns(told));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(told, (story{"leaving", "ended"}));
}

TEST(spawn, is_cancelled_and_awaited_when_its_loop_ends) {
  story told;
  {
    memory_loop loop;
    parley::spawn(for_ever(told));
    loop.run_one_turn();
    EXPECT_TRUE(told.empty());
  }
  EXPECT_EQ(told, (story{"ended"}));
}

task<> spawns_at_the_end(story& told) {
  bool ending = false;
  auto nap = parley::sleep_for(1h);
  try {
    co_await nap;
  } catch (const parley::cancelled&) {
    ending = true;
  }
  if (ending) parley::spawn(for_ever(told));
}

TEST(spawn, while_the_loop_ends) {
  story told;
  {
    memory_loop loop;
    parley::spawn(spawns_at_the_end(told));
    loop.run_one_turn();
  }
  EXPECT_EQ(told, (story{"ended"}));
}

}  // namespace
}  // namespace task_tests
