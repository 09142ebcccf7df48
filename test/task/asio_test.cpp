// The bridge, with a user's own Asio in the program beside the library's hidden one.
#include <parley/asio.hpp>

#include "gate.hpp"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace task_tests {
namespace {

using parley::task;
using namespace std::chrono_literals;

/// Asio's context, run by a thread of its own.
struct asio_thread {
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  std::thread thread{[this] { io.run(); }};
  ~asio_thread() {
    guard.reset();
    thread.join();
  }
};

task<std::thread::id> thread_of_task() { co_return std::this_thread::get_id(); }
task<std::unique_ptr<int>> boxed_of_task() {
  auto turn = parley::yield();
  co_await turn;
  co_return std::make_unique<int>(6);
}
task<> broken_task() {
  auto turn = parley::yield();
  co_await turn;
  throw std::runtime_error("broken");
}
task<> endless_task() {
  auto nap = parley::sleep_for(24h);
  co_await nap;
}

asio::awaitable<std::string> uses_tasks() {
  auto first = parley::to_asio(thread_of_task());
  const std::thread::id other = co_await std::move(first);
  auto second = parley::to_asio(boxed_of_task());
  const std::unique_ptr<int> box = co_await std::move(second);
  std::string told = std::to_string(*box) + (other == std::this_thread::get_id() ? " same" : " other");
  auto third = parley::to_asio(broken_task());
  try {
    co_await std::move(third);
  } catch (const std::runtime_error& e) {
    told += std::string(" ") + e.what();
  }
  co_return told;
}

TEST(to_asio, gives_values_and_exceptions) {
  asio::io_context io;
  std::string told;
  asio::co_spawn(io, uses_tasks(), [&](std::exception_ptr error, std::string text) {
    EXPECT_FALSE(error);
    told = std::move(text);
  });
  io.run();
  EXPECT_EQ(told, "6 other broken");
}

TEST(to_asio, is_cancelled_by_asio) {
  asio::io_context io;
  asio::cancellation_signal signal;
  std::error_code seen;
  asio::co_spawn(io, parley::to_asio(endless_task()), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) {
                   try {
                     std::rethrow_exception(error);
                   } catch (const std::system_error& e) {
                     seen = e.code();
                   }
                 }));
  asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); });
  io.run();
  EXPECT_EQ(seen, asio::error::operation_aborted);
}

asio::awaitable<std::thread::id> thread_of_asio() { co_return std::this_thread::get_id(); }
asio::awaitable<int> waits_in_asio(std::chrono::milliseconds how_long) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, how_long);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 5;
}
asio::awaitable<void> broken_asio() {
  throw std::runtime_error("broken");
  co_return;
}

task<std::string> uses_asio(asio_thread& on) {
  auto first = parley::from_asio(on.io.get_executor(), thread_of_asio());
  const std::thread::id other = co_await first;
  std::string told = other == on.thread.get_id() && other != std::this_thread::get_id() ? "other" : "same";
  auto second = parley::from_asio(on.io.get_executor(), waits_in_asio(1ms));
  const int value = co_await second;
  told += " " + std::to_string(value);
  auto third = parley::from_asio(on.io.get_executor(), broken_asio());
  try {
    co_await third;
  } catch (const std::runtime_error& e) {
    told += std::string(" ") + e.what();
  }
  co_return told;
}

TEST(from_asio, gives_values_and_exceptions) {
  asio_thread on;
  EXPECT_EQ(parley::run(uses_asio(on)), "other 5 broken");
}

task<int> limited(asio_thread& on) {
  auto work = parley::timeout(1ms, parley::from_asio(on.io.get_executor(), waits_in_asio(24h)));
  const int value = co_await work;
  co_return value;
}

TEST(from_asio, is_cancelled_with_its_chain) {
  asio_thread on;
  EXPECT_THROW(parley::run(limited(on)), parley::timed_out);
}

TEST(from_asio, of_a_cancelled_chain_begins_nothing) {
  parley::net::memory_loop loop;
  asio::io_context io;
  parley::detail::cancel_state chain;
  chain.cancel();
  auto s = start(parley::from_asio(io.get_executor(), waits_in_asio(1ms)), &chain);
  loop.run_until_idle();
  EXPECT_EQ(s->how(), "cancelled");
  EXPECT_EQ(io.poll(), 0U);
}

}  // namespace
}  // namespace task_tests
