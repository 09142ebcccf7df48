#include "server/address_counts.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace parley::server_room {
namespace {

std::optional<address_key> key_of(const std::string& host, bool loopback_too = false) {
  return address_key_of({host, 1234, false}, loopback_too);
}

TEST(address_counts, ipv4_by_address_ipv6_by_64) {
  EXPECT_EQ(key_of("192.0.2.1"), (address_key{0xc0000201, false}));
  EXPECT_NE(key_of("192.0.2.1"), key_of("192.0.2.2"));
  EXPECT_EQ(key_of("2001:db8:1:2:3:4:5:6"), (address_key{0x20010db800010002, true}));
  EXPECT_EQ(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:2:ffff::"));
  EXPECT_NE(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:3::1"));
  EXPECT_EQ(key_of("fe80::1%eth0"), key_of("fe80::2%eth1"));
  EXPECT_EQ(key_of("::ffff:192.0.2.1"), key_of("192.0.2.1")) << "the same client through another socket";
}

TEST(address_counts, who_is_not_counted) {
  for (const char* host : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(key_of(host), std::nullopt) << host;
    EXPECT_NE(key_of(host, true), std::nullopt) << host;
  }
  EXPECT_EQ(address_key_of({"/run/x.sock", 0, true}, true), std::nullopt);
  EXPECT_EQ(key_of(""), std::nullopt) << "gone before it could be asked";
}

TEST(address_counts, places_are_given_back_and_leave_nothing) {
  address_counts counts;
  const address_key a{1, false};
  {
    auto first = counts.take(a, 2);
    auto second = counts.take(a, 2);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(counts.take(a, 2));
    EXPECT_TRUE(counts.take({1, true}, 2)) << "another family is another address";
    second = std::nullopt;
    const address_counts::place kept = std::move(*first);
    first.reset();
    EXPECT_TRUE(counts.take(a, 2));
    auto again = counts.take(a, 2);
    EXPECT_TRUE(again);
    EXPECT_FALSE(counts.take(a, 2));
  }
  EXPECT_EQ(counts.size(), 0u);
  EXPECT_FALSE(counts.take(a, 0));
  EXPECT_EQ(counts.size(), 0u) << "a refusal leaves no entry";
}

TEST(address_counts, from_several_threads) {
  address_counts counts;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&counts] {
      for (std::uint64_t i = 0; i < 2000; ++i) {
        const auto place = counts.take({i % 50, false}, 4);
        EXPECT_TRUE(place);
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(counts.size(), 0u);
}

}  // namespace
}  // namespace parley::server_room
