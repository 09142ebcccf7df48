#include "tool/signals.hpp"

#include <parley/server.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <thread>

namespace parley::tool {

namespace {

constexpr std::chrono::milliseconds time_to_say_goodbye{1000};

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, number);
  return set;
}

bool has_terminal() {
  const int descriptor = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor >= 0) ::close(descriptor);
  return descriptor >= 0;
}

}  // namespace

held_signals::held_signals() {
  const sigset_t ours = our_signals();
  pthread_sigmask(SIG_BLOCK, &ours, &before_);
}

held_signals::~held_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int held_signals::wait() {
  const sigset_t ours = our_signals();
  for (;;) {
    const int signal = sigwaitinfo(&ours, nullptr);
    if (signal > 0) return signal;
  }
}

int held_signals::wait_for(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  timespec most{};
  most.tv_sec = static_cast<time_t>(seconds.count());
  most.tv_nsec = static_cast<long>((time - seconds).count()) * 1'000'000;
  const sigset_t ours = our_signals();
  return std::max(sigtimedwait(&ours, nullptr, &most), 0);
}

void held_signals::end_by(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  ::raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  std::abort();
}

hangup::hangup() : had_terminal_(has_terminal()) {}

bool hangup::ends_us() const {
  struct sigaction how{};
  sigaction(SIGHUP, nullptr, &how);
  return had_terminal_ && how.sa_handler != SIG_IGN && !has_terminal();
}

void stop_by_signals(server& app) {
  std::atomic<bool> ended{false};
  std::thread draining([&, waiting = ::pthread_self()] {
    app.stop();
    ended = true;
    ::pthread_kill(waiting, SIGUSR1);  // held there, and only what wakes it
  });
  while (!ended) {
    const int signal = held_signals::wait();
    if (signal == SIGUSR1 && !ended) app.reopen_log();
    if (signal != SIGTERM && signal != SIGINT) continue;
    app.stop_now();
    const auto until = std::chrono::steady_clock::now() + time_to_say_goodbye;
    while (!ended && std::chrono::steady_clock::now() < until) {
      const int another = held_signals::wait_for(time_to_say_goodbye);
      if (another == SIGTERM || another == SIGINT) break;
    }
    held_signals::end_by(signal);
  }
  draining.join();
  // What still waits here must not meet the mask of before.
  while (held_signals::wait_for(std::chrono::milliseconds(0)) != 0) {
  }
}

}  // namespace parley::tool
