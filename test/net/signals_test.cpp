#include "net/signals.hpp"

#include "net/loop.hpp"
#include "net/memory_network.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace net_tests {
namespace {

namespace net = parley::net;

TEST(signals, come_as_callbacks) {
  const auto loop = net::loop::make();
  std::vector<int> seen;
  const net::signals listening(*loop, {SIGHUP, SIGUSR1, SIGTERM}, [&](int number) {
    seen.push_back(number);
    if (seen.size() < 3) std::raise(seen.size() == 1 ? SIGUSR1 : SIGTERM);
    if (seen.size() == 3) loop->stop();
  });
  std::raise(SIGHUP);
  loop->run();
  EXPECT_EQ(seen, (std::vector{SIGHUP, SIGUSR1, SIGTERM}));
}

TEST(signals, leave_the_default_behind) {
  const auto loop = net::loop::make();
  struct sigaction found{};
  {
    const net::signals listening(*loop, {SIGUSR2}, [](int) {});
    sigaction(SIGUSR2, nullptr, &found);
    EXPECT_NE(found.sa_handler, SIG_DFL);
  }
  sigaction(SIGUSR2, nullptr, &found);
  EXPECT_EQ(found.sa_handler, SIG_DFL);
}

TEST(signals, end_within_their_callback) {
  const auto loop = net::loop::make();
  int calls = 0;
  std::unique_ptr<net::signals> listening;
  listening = std::make_unique<net::signals>(*loop, std::initializer_list<int>{SIGUSR1}, [&](int) {
    ++calls;
    listening.reset();
  });
  std::raise(SIGUSR1);
  loop->run_until_idle();
  EXPECT_EQ(calls, 1);
}

TEST(signals, are_of_a_real_loop_only) {
  net::memory_loop loop;
  EXPECT_THROW(net::signals(loop, {SIGUSR1}, [](int) {}), std::logic_error);
}

}  // namespace
}  // namespace net_tests
