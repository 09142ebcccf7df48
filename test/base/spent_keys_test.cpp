#include "base/spent_keys.hpp"

#include <gtest/gtest.h>

namespace parley::base {
namespace {

using namespace std::chrono_literals;
using outcome = spent_keys::outcome;

constexpr spent_keys::time_point begin{std::chrono::hours(1)};

TEST(spent_keys, each_is_good_once_and_remembered_for_its_time) {
  spent_keys keys(10, 60s);
  EXPECT_EQ(keys.spend(1, begin), outcome::fresh);
  EXPECT_EQ(keys.spend(1, begin), outcome::known);
  EXPECT_EQ(keys.spend(2, begin + 59s), outcome::fresh);
  EXPECT_EQ(keys.spend(1, begin + 60s), outcome::known);
  EXPECT_EQ(keys.spend(2, begin + 118s), outcome::known);
  EXPECT_EQ(keys.spend(3, begin + 120s), outcome::fresh);
  EXPECT_EQ(keys.size(), 1U) << "what is two generations old is gone";
  EXPECT_EQ(keys.spend(3, begin + 500s), outcome::fresh);
}

TEST(spent_keys, no_more_at_once_than_may) {
  spent_keys keys(2, 60s);
  EXPECT_EQ(keys.spend(1, begin), outcome::fresh);
  EXPECT_EQ(keys.spend(2, begin), outcome::fresh);
  EXPECT_EQ(keys.spend(3, begin), outcome::full);
  EXPECT_EQ(keys.spend(1, begin), outcome::known);
  EXPECT_EQ(keys.spend(3, begin + 61s), outcome::full);
  EXPECT_EQ(keys.spend(3, begin + 122s), outcome::fresh);
}

}  // namespace
}  // namespace parley::base
