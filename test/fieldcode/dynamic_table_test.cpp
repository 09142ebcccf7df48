#include "fieldcode/dynamic_table.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {
namespace {

TEST(dynamic_table, counts_and_evicts_as_the_rfc_says) {
  dynamic_table table(100);
  EXPECT_TRUE(table.insert("a", "1", 7));
  EXPECT_EQ(table.size(), 34u);
  EXPECT_TRUE(table.insert("b", "22", 8));
  EXPECT_EQ(describe(table), "b: 22\na: 1\n69");
  EXPECT_EQ(table.newest(0).mark, 8u);
  EXPECT_EQ(table.newest(1).mark, 7u);
  EXPECT_TRUE(table.insert("c", "333", 9));
  EXPECT_EQ(describe(table), "c: 333\nb: 22\n71") << "the oldest has gone";
  EXPECT_TRUE(table.insert("d", std::string(67, 'd'), 1)) << "exactly the capacity";
  EXPECT_EQ(table.size(), 100u);
  EXPECT_EQ(table.count(), 1u);
  EXPECT_FALSE(table.insert("e", std::string(68, 'e'), 1)) << "RFC 7541 §4.4: it empties the table, and is no error";
  EXPECT_EQ(describe(table), "0");
}

TEST(dynamic_table, a_name_of_an_entry_that_has_to_go) {
  dynamic_table table(100);
  const std::string name(30, 'n');
  ASSERT_TRUE(table.insert(name, "v", 1));
  for (int i = 0; i < 200; ++i) {  // often enough that the texts move
    ASSERT_TRUE(table.insert(table.name(table.newest(0)), std::string(5, static_cast<char>('a' + i % 26)), 1));
    ASSERT_EQ(describe(table), name + ": " + std::string(5, static_cast<char>('a' + i % 26)) + "\n67");
  }
}

TEST(dynamic_table, resizing) {
  dynamic_table table(4096);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(table.insert("name", std::to_string(i), 1));
  table.resize(75);
  EXPECT_EQ(describe(table), "name: 9\nname: 8\n74");
  table.resize(4096);
  EXPECT_EQ(table.count(), 2u);
  table.resize(0);
  EXPECT_EQ(describe(table), "0");
  EXPECT_EQ(table.memory(), 0u);
  EXPECT_FALSE(table.insert("", "", 1));
  table.resize(64);
  EXPECT_TRUE(table.insert("", "", 1));
  EXPECT_TRUE(table.insert("", "", 1));
  EXPECT_EQ(table.count(), 2u);
  table.resize(std::size_t{1} << 40);
  EXPECT_EQ(table.capacity(), dynamic_table::largest_capacity);
}

TEST(dynamic_table, gives_back_what_it_does_not_need) {
  dynamic_table table(4096);
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(table.insert("name", std::to_string(i) + std::string(50, 'v'), 1));
  const std::string before = describe(table);
  const std::size_t large = table.memory();
  table.fit();
  EXPECT_EQ(describe(table), before);
  EXPECT_LT(table.memory(), large);
  EXPECT_LE(table.memory(), 4096u);
  const std::size_t fitting = table.memory();
  table.fit();
  EXPECT_EQ(table.memory(), fitting);
  // It goes on as before, also with the name of an entry that goes.
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(table.insert(table.name(table.newest(table.count() - 1)), std::to_string(i), 1));
    ASSERT_EQ(table.name(table.newest(0)), "name");
    ASSERT_EQ(table.value(table.newest(0)), std::to_string(i));
    if (i % 7 == 0) table.fit();
  }
  dynamic_table small(64);
  ASSERT_TRUE(small.insert("", "", 1));
  small.fit();
  ASSERT_TRUE(small.insert("", "", 2));
  EXPECT_EQ(small.count(), 2u);
  small.clear();
  small.fit();
  EXPECT_EQ(small.memory(), 0u);
  ASSERT_TRUE(small.insert("a", "b", 3));
  EXPECT_EQ(describe(small), "a: b\n34");
}

// Against the plainest table there is.
TEST(dynamic_table, the_same_as_a_list) {
  std::mt19937 random(3);
  dynamic_table table(0);
  std::deque<std::pair<std::string, std::string>> list;
  std::size_t capacity = 0;
  std::size_t size = 0;
  const auto evict_to = [&](std::size_t most) {
    while (size > most) {
      size -= list.back().first.size() + list.back().second.size() + 32;
      list.pop_back();
    }
  };
  for (int i = 0; i < 30'000; ++i) {
    if (random() % 200 == 0) {
      capacity = random() % 3 == 0 ? random() % 100 : random() % 8000;
      table.resize(capacity);
      evict_to(capacity);
    }
    std::string value(random() % (random() % 20 == 0 ? 2000 : 60), static_cast<char>('a' + random() % 26));
    std::string name(random() % 40, static_cast<char>('A' + random() % 26));
    const bool own = !list.empty() && random() % 2 == 0;
    const std::size_t age = own ? random() % list.size() : 0;
    if (own) name = list[age].first;
    const bool fits = name.size() + value.size() + 32 <= capacity;
    ASSERT_EQ(table.insert(own ? table.name(table.newest(age)) : std::string_view(name), value, static_cast<std::uint32_t>(i)),
              fits);
    evict_to(fits ? capacity - name.size() - value.size() - 32 : 0);
    if (fits) {
      size += name.size() + value.size() + 32;
      list.emplace_front(name, value);
      ASSERT_EQ(table.newest(0).mark, static_cast<std::uint32_t>(i));
    }
    ASSERT_EQ(table.count(), list.size());
    ASSERT_EQ(table.size(), size);
    ASSERT_LE(table.memory(), 2 * 8000 + 256 * sizeof(dynamic_table::entry));
    for (std::size_t k = 0; k < list.size(); k += 1 + random() % 20) {
      ASSERT_EQ(table.name(table.newest(k)), list[k].first);
      ASSERT_EQ(table.value(table.newest(k)), list[k].second);
    }
  }
}

}  // namespace
}  // namespace parley::fieldcode::test
