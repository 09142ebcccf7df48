#include "net/signals.hpp"

#include "net/epoll_loop.hpp"
#include "net/socket_address.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace parley::net {
namespace {

constexpr int most_signals = 64;       // their numbers are below that
constexpr std::size_t most_ears = 16;  // `signals` objects at once

/// What a signal handler may touch: which signals came, and whom to wake. The waker is made once and never closed, since a handler
/// may be about to write to it on any thread.
struct ear {
  std::atomic<bool> taken{false};
  std::atomic<int> waker{-1};
  std::atomic<std::uint64_t> wanted{0};
  std::atomic<std::uint64_t> came{0};
};
std::array<ear, most_ears> ears;

std::uint64_t bit(int number) { return std::uint64_t{1} << number; }

extern "C" void parley_private_signal(int number) {
  const int saved = errno;
  for (ear& e : ears) {
    if ((e.wanted.load() & bit(number)) == 0) continue;
    e.came.fetch_or(bit(number));
    const std::uint64_t one = 1;
    static_cast<void>(::write(e.waker.load(), &one, sizeof one));
  }
  errno = saved;
}

/// How many want each signal, and what held before the first.
std::mutex wanted_mutex;
std::array<int, most_signals> wanted_by{};
std::array<struct sigaction, most_signals> before;

void want(int number) {
  const std::scoped_lock lock(wanted_mutex);
  const auto at = static_cast<std::size_t>(number);
  if (wanted_by.at(at) == 0) {
    struct sigaction ours{};
    ours.sa_handler = parley_private_signal;
    ours.sa_flags = SA_RESTART;
    sigfillset(&ours.sa_mask);
    if (sigaction(number, &ours, &before.at(at)) != 0) throw std::system_error(last_error(), "parley: a signal");
  }
  ++wanted_by.at(at);
}

void want_no_more(int number) {
  const std::scoped_lock lock(wanted_mutex);
  const auto at = static_cast<std::size_t>(number);
  if (--wanted_by.at(at) == 0) sigaction(number, &before.at(at), nullptr);
}

ear& take_ear() {
  for (ear& e : ears) {
    if (e.taken.exchange(true)) continue;
    if (e.waker < 0) e.waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (e.waker >= 0) return e;
    e.taken = false;
    throw std::system_error(last_error(), "parley: signals");
  }
  throw std::system_error(make_error_code(std::errc::too_many_files_open), "parley: too many watches for signals");
}

}  // namespace

class signals::core final : private watcher {
 public:
  core(epoll_loop& on, std::initializer_list<int> numbers, base::unique_function<void(int)> callback)
      : loop_(on), callback_(std::move(callback)), ear_(take_ear()) {
    try {
      if (const auto error = loop_.watch(ear_.waker, *this, EPOLLIN | EPOLLET)) throw std::system_error(error, "parley: signals");
      for (const int number : numbers) {
        ear_.wanted.fetch_or(bit(number));  // first, or a signal that comes at once would find nobody
        want(number);
        numbers_.push_back(number);
      }
    } catch (...) {
      end();
      throw;
    }
    loop_.wait_begins();
  }
  ~core() override {
    end();
    loop_.wait_ends();
  }

 private:
  void end() {
    ear_.wanted = 0;
    for (const int number : numbers_) want_no_more(number);
    loop_.unwatch(ear_.waker, *this);
    ear_.came = 0;
    ear_.taken = false;
  }

  void on_events(std::uint32_t) override {
    const std::uint64_t came = ear_.came.exchange(0);
    epoll_loop& loop = loop_;  // the callback may destroy this
    const std::uint64_t token = epoll_loop::token(*this);
    for (int number = 1; number < most_signals && loop.watches(token); ++number) {
      if ((came & bit(number)) != 0) callback_(number);
    }
  }

  epoll_loop& loop_;
  base::unique_function<void(int)> callback_;
  ear& ear_;
  std::vector<int> numbers_;
};

signals::signals(loop& on, std::initializer_list<int> numbers, base::unique_function<void(int)> callback)
    : core_(std::make_unique<core>(real(on), numbers, std::move(callback))) {}

signals::~signals() = default;

}  // namespace parley::net
