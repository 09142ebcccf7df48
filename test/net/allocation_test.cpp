// The steady state allocates nothing: counted with this program's own operator new.
#include "talk.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocation_count = 0;

// Not inlined: g++ would see malloc behind `new` and warn of `delete`.
[[gnu::noinline]] void* counted_allocation(std::size_t size, std::size_t alignment) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* made = alignment <= alignof(std::max_align_t)
                   ? std::malloc(size)
                   : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

}  // namespace

void* operator new(std::size_t size) { return counted_allocation(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_allocation(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace net_tests {
namespace {

using namespace std::chrono_literals;

/// A client that sends 10 bytes when 10 bytes came, with a timer as connections have them.
class echo_player final : public net::stream_handler {
 public:
  echo_player(net::loop& on, std::unique_ptr<net::byte_stream> of, int rounds)
      : loop_(on), stream_(std::move(of)), rest_(rounds), timer_(on, [] { FAIL(); }) {
    stream_->handler(this);
    stream_->read();
  }
  void send() {
    const parley::base::segment parts[] = {{"01234"}, {"56789"}};
    EXPECT_EQ(stream_->write(parts).written, 10U);
    timer_.arm(loop_.now() + 10s);
  }
  std::span<char> read_room() override { return room_; }
  void on_read(std::size_t n, std::error_code error) override {
    ASSERT_FALSE(error);
    ASSERT_EQ(n, 10U);
    timer_.cancel();
    if (--rest_ == 0) {
      counted_until = allocation_count;
      return loop_.stop();
    }
    if (rest_ == 100) counted_from = allocation_count;
    loop_.defer([this] { send(); });
    stream_->read();
  }
  void on_writable(std::error_code) override {}

  static inline std::size_t counted_from = 0;
  static inline std::size_t counted_until = 0;

 private:
  net::loop& loop_;
  std::unique_ptr<net::byte_stream> stream_;
  int rest_;
  net::timer timer_;
  char room_[4096];
};

TEST(allocation, none_for_reads_writes_timers_and_deferred_work) {
  const auto loop = net::loop::make();
  connected_pair talk(*loop);
  echo_player a(*loop, std::move(talk.client.stream), 200);
  echo_player b(*loop, std::move(talk.server.stream), 1000);
  a.send();
  loop->run();
  EXPECT_EQ(echo_player::counted_until - echo_player::counted_from, 0U);
}

TEST(allocation, none_for_short_timers) {
  const auto loop = net::loop::make();
  int rest = 200;
  std::size_t from = 0;
  std::size_t until = 0;
  std::function<void()> again;
  net::timer timer(*loop, [&] { again(); });
  net::timer far(*loop, [] { FAIL(); });
  far.arm(loop->now() + 1h);
  again = [&] {
    if (rest == 100) from = allocation_count;
    if (--rest == 0) {
      until = allocation_count;
      return loop->stop();
    }
    timer.arm(loop->now() + 1us);
  };
  again();
  loop->run();
  EXPECT_EQ(until - from, 0U);
}

}  // namespace
}  // namespace net_tests
