#include "server/handshake_rates.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace parley::server_room {
namespace {

using namespace std::chrono_literals;

constexpr handshake_rates::time_point start{1h};

std::size_t allowed(handshake_rates& rates, address_key key, std::size_t per_second, handshake_rates::time_point now) {
  std::size_t n = 0;
  while (n < 10'000 && rates.allow(key, per_second, now)) ++n;
  return n;
}

TEST(handshake_rates, ten_seconds_in_store_and_then_the_rate) {
  handshake_rates rates;
  const address_key a{1, false};
  EXPECT_EQ(allowed(rates, a, 5, start), 50u);
  EXPECT_EQ(allowed(rates, a, 5, start + 199ms), 0u);
  EXPECT_EQ(allowed(rates, a, 5, start + 200ms), 1u);
  EXPECT_EQ(allowed(rates, a, 5, start + 1200ms), 5u);
  EXPECT_EQ(allowed(rates, a, 5, start + 1h), 50u) << "no more than ten seconds' worth gathers";
}

TEST(handshake_rates, each_address_has_its_own) {
  handshake_rates rates;
  EXPECT_EQ(allowed(rates, {1, false}, 1, start), 10u);
  EXPECT_EQ(allowed(rates, {2, false}, 1, start), 10u);
  EXPECT_EQ(allowed(rates, {1, true}, 1, start), 10u) << "another family is another address";
  EXPECT_EQ(allowed(rates, {1, false}, 1, start), 0u);
}

// Far more addresses than there are entries, and one of them floods: it is still known.
TEST(handshake_rates, who_floods_is_not_pushed_out_by_the_others) {
  handshake_rates rates;
  const address_key flooding{7, true};
  EXPECT_EQ(allowed(rates, flooding, 50, start), 500u);
  for (std::uint64_t i = 0; i < 4 * handshake_rates::entries; ++i) ASSERT_TRUE(rates.allow({1000 + i, true}, 50, start));
  EXPECT_EQ(allowed(rates, flooding, 50, start), 0u);
}

TEST(handshake_rates, from_several_threads) {
  handshake_rates rates;
  std::vector<std::thread> threads;
  std::vector<std::size_t> got(4);
  for (std::size_t t = 0; t < got.size(); ++t) {
    threads.emplace_back([&rates, &got, t] { got[t] = allowed(rates, {9, false}, 100, start); });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(got[0] + got[1] + got[2] + got[3], 1000u);
}

}  // namespace
}  // namespace parley::server_room
