#include "base/slot_map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/random.hpp"

namespace parley::base {
namespace {

TEST(slot_map, finds_what_lives_and_nothing_else) {
  slot_map<std::string> map;
  EXPECT_EQ(map.find({}), nullptr);
  const slot_id a = map.emplace("a");
  const slot_id b = map.emplace("b");
  ASSERT_NE(map.find(a), nullptr);
  EXPECT_EQ(*map.find(b), "b");
  EXPECT_EQ(map.size(), 2u);
  EXPECT_TRUE(map.erase(a));
  EXPECT_FALSE(map.erase(a));
  EXPECT_EQ(map.find(a), nullptr);
  EXPECT_FALSE(map.contains(a));
  EXPECT_EQ(map.find({a.index, a.generation + 1}), nullptr);
  EXPECT_EQ(map.find({77, 1}), nullptr);

  const slot_id c = map.emplace("c");
  EXPECT_EQ(c.index, a.index);
  EXPECT_NE(c, a);
  EXPECT_EQ(map.find(a), nullptr);
  EXPECT_EQ(*map.find(c), "c");
  EXPECT_EQ(slot_id::from_value(c.value()), c);
  EXPECT_TRUE(c);
  EXPECT_FALSE(slot_id{});
}

TEST(slot_map, objects_stay_where_they_are) {
  slot_map<int> map;
  const slot_id first = map.emplace(7);
  const int* at = map.find(first);
  for (int i = 0; i < 1000; ++i) map.emplace(i);
  EXPECT_EQ(map.find(first), at);
  slot_map<int> other(std::move(map));
  EXPECT_EQ(other.find(first), at);
  EXPECT_TRUE(map.empty());  // NOLINT: what is left is an empty map
  map.emplace(1);
  map = std::move(other);
  EXPECT_EQ(map.find(first), at);
}

TEST(slot_map, visits_may_erase) {
  slot_map<int> map;
  for (int i = 0; i < 100; ++i) map.emplace(i);
  map.for_each([&](slot_id id, int& value) {
    if (value % 2 == 0) map.erase(id);
  });
  EXPECT_EQ(map.size(), 50u);
  int sum = 0;
  map.for_each([&](slot_id, int& value) { sum += value; });
  EXPECT_EQ(sum, 2500);
  map.clear();
  EXPECT_TRUE(map.empty());
}

TEST(slot_map, a_constructor_that_throws_leaves_nothing) {
  struct picky {
    explicit picky(bool good) {
      if (!good) throw std::runtime_error("no");
    }
  };
  slot_map<picky> map;
  EXPECT_THROW(map.emplace(false), std::runtime_error);
  EXPECT_TRUE(map.empty());
  const slot_id id = map.emplace(true);
  map.erase(id);
  EXPECT_THROW(map.emplace(false), std::runtime_error);
  EXPECT_EQ(map.emplace(true).index, id.index);
  EXPECT_EQ(map.size(), 1u);
}

TEST(slot_map, behaves_like_a_map) {
  seeded_random random(3);
  slot_map<std::unique_ptr<int>> map;
  std::map<std::uint64_t, int> expected;
  std::vector<slot_id> ids;
  for (int i = 0; i < 20000; ++i) {
    if (random.below(2) == 0) {
      const slot_id id = map.emplace(std::make_unique<int>(i));
      ASSERT_TRUE(expected.emplace(id.value(), i).second) << "an id came twice";
      ids.push_back(id);
    } else if (!ids.empty()) {
      const slot_id id = ids[random.below(ids.size())];
      ASSERT_EQ(map.erase(id), expected.erase(id.value()) == 1);
    }
    ASSERT_EQ(map.size(), expected.size());
  }
  for (const slot_id id : ids) {
    const auto it = expected.find(id.value());
    ASSERT_EQ(map.find(id) != nullptr, it != expected.end());
    if (it != expected.end()) {
      ASSERT_EQ(**map.find(id), it->second);
    }
  }
}

}  // namespace
}  // namespace parley::base
