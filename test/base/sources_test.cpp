// Hash, random numbers, clocks, file descriptors.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/unique_fd.hpp"

namespace parley::base {
namespace {

TEST(hash, is_siphash_1_3) {
  // The key 00 01 … 0f and the messages "", 00, 00 01, … of the SipHash paper, computed with another implementation that gives the
  // paper's values for SipHash-2-4.
  const hash_key key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  const struct {
    std::size_t size;
    std::uint64_t value;
  } rows[] = {{0, 0xabac0158050fc4dc}, {1, 0xc9f49bf37d57ca93}, {2, 0x82cb9b024dc7d44d}, {15, 0xd320d86d2a519956}};
  for (const auto& row : rows) {
    std::string message;
    for (std::size_t i = 0; i < row.size; ++i) message += static_cast<char>(i);
    EXPECT_EQ(siphash13(key, message), row.value) << row.size;
  }
}

TEST(hash, differs_by_key_text_and_length) {
  std::set<std::uint64_t> seen;
  for (std::size_t size = 0; size < 100; ++size) {
    seen.insert(siphash13({1, 2}, std::string(size, '\0')));
    seen.insert(siphash13({1, 3}, std::string(size, '\0')));
    seen.insert(siphash13({1, 2}, std::string(size, '\0') + "x"));
  }
  EXPECT_EQ(seen.size(), 300u);
  EXPECT_EQ(process_hash_key().first, process_hash_key().first);
}

TEST(hash, serves_maps_that_are_searched_by_view) {
  std::unordered_map<std::string, int, text_hash, std::equal_to<>> map{{"one", 1}};
  EXPECT_EQ(map.find(std::string_view("one"))->second, 1);
}

TEST(random, a_seed_repeats_itself_and_the_system_does_not) {
  seeded_random a(7);
  seeded_random b(7);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), b.next() + 1);
  EXPECT_NE(system_random().next(), system_random().next());
  std::vector<std::byte> large(100'000);
  system_random().fill(large);
  EXPECT_NE(large[99'990], large[99'991] == large[99'992] ? std::byte{0} : large[99'991]);
}

TEST(random, below_reaches_all_and_only_what_it_should) {
  seeded_random random(1);
  std::vector<int> counts(5);
  for (int i = 0; i < 5000; ++i) ++counts[random.below(5)];
  for (int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(random.below(1), 0u);
  EXPECT_LT(random.below(UINT64_MAX), UINT64_MAX);
}

TEST(clock, a_manual_one_moves_when_it_is_told_to) {
  manual_clock clock;
  const auto before = clock.now();
  const auto wall = clock.wall_now();
  clock.advance(std::chrono::seconds{3});
  EXPECT_EQ(clock.now() - before, std::chrono::seconds{3});
  EXPECT_EQ(clock.wall_now() - wall, std::chrono::seconds{3});
  const auto first = system_clock().now();
  EXPECT_LE(first, system_clock().now());
  EXPECT_GT(system_clock().wall_now(), wall);
}

TEST(unique_fd, closes_once) {
  int raw = -1;
  {
    unique_fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(fd);
    raw = fd.get();
    unique_fd other(std::move(fd));
    EXPECT_FALSE(fd);  // NOLINT: what is left owns nothing
    EXPECT_EQ(other.get(), raw);
    EXPECT_EQ(::fcntl(raw, F_GETFD) >= 0, true);
    errno = 5;
    other.reset();
    EXPECT_EQ(errno, 5);
  }
  EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
  unique_fd kept(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int released = kept.release();
  EXPECT_FALSE(kept);
  EXPECT_EQ(::close(released), 0);
}

}  // namespace
}  // namespace parley::base
