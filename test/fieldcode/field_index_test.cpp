#include "fieldcode/field_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {
namespace {

// Whoever could choose what collides would gain nothing: four entries are looked at, and the newest are found.
TEST(field_index, entries_with_one_hash) {
  dynamic_table table(4096);
  field_index index;
  constexpr std::uint32_t hash = 0x12345678;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(table.insert("n", std::to_string(i), hash));
    index.put_newest(table, hash, 0);
    std::vector<std::string> seen;
    std::uint32_t number = 0;
    EXPECT_FALSE(index.find(table, hash, number, [&](const dynamic_table::entry& e) {
      seen.emplace_back(table.value(e));
      return false;
    }));
    ASSERT_LE(seen.size(), 4u);
    for (int k = i; k >= 0 && k > i - 4; --k) {
      EXPECT_NE(std::ranges::find(seen, std::to_string(k)), seen.end()) << k << " of " << i;
    }
  }
  EXPECT_LE(index.memory(), 128u * 16);
}

TEST(field_index, all_entries_are_found_until_they_go) {
  dynamic_table table(2000);
  field_index index;
  const auto hash_of = [](std::uint32_t i) { return i * 0x9e3779b1; };
  std::size_t lost = 0;
  for (std::uint32_t i = 0; i < 200'000; ++i) {  // numbers go round three times
    ASSERT_TRUE(table.insert("name", "value", hash_of(i), hash_of(~i) | field_index::by_name));
    index.put_newest(table, hash_of(i), hash_of(~i) | field_index::by_name);
    if (i % 997 != 0) continue;
    for (std::uint32_t age = 0; age < 100 && age <= i; ++age) {
      for (const std::uint32_t hash : {hash_of(i - age), hash_of(~(i - age)) | field_index::by_name}) {
        std::uint32_t number = 0;
        const bool found =
            index.find(table, hash, number, [&](const dynamic_table::entry& e) { return e.mark == hash || e.name_mark == hash; });
        EXPECT_TRUE(!found || number == i - age);
        if (age >= table.count()) {
          EXPECT_FALSE(found) << "it has gone";
        } else if (!found) {
          ++lost;
        }
      }
    }
  }
  EXPECT_LT(lost, 200u) << "a few in a hundred may be forgotten";
  table.clear();
  index.clear();
  std::uint32_t number = 0;
  EXPECT_FALSE(index.find(table, hash_of(1), number, [](const dynamic_table::entry&) { return true; }));
  EXPECT_EQ(index.memory(), 0u);
}

}  // namespace
}  // namespace parley::fieldcode::test
