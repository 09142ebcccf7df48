// The table of open exchanges against a map, with ids as connections give them and as a peer could choose them.
#include "connection/exchange_table.hpp"

#include "base/random.hpp"
#include "connection/exchange.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace {

using parley::connection::exchange;
using parley::connection::exchange_table;

// Only addresses count.
exchange* numbered(std::vector<exchange>& all, std::uint64_t n) { return &all[n % all.size()]; }

TEST(exchange_table, does_what_a_map_does) {
  std::vector<exchange> some(64);
  parley::base::seeded_random random(2026);
  struct row {
    const char* name;
    std::uint64_t step;  // between ids of one side
    std::size_t most;    // open at once
    bool pushes;
  };
  for (const row& r :
       {row{"one at a time", 1, 1, false}, row{"a browser", 2, 100, false}, row{"with pushes", 2, 100, true},
        row{"a thousand", 2, 1000, false}, row{"ids that collide", 2048, 128, false}, row{"and pushes", 4096, 128, true}}) {
    exchange_table table;
    std::map<std::uint64_t, exchange*> model;
    std::uint64_t odd = 1;
    std::uint64_t even = 2;
    for (int step = 0; step < 20'000; ++step) {
      const bool add = model.empty() || (model.size() < r.most && random.below(100) < 55);
      if (add) {
        std::uint64_t& next = r.pushes && random.below(3) == 0 ? even : odd;
        table.insert(next, numbered(some, next));
        model.emplace(next, numbered(some, next));
        next += r.step;
      } else {
        auto at = model.lower_bound(random.below(std::max(odd, even)));
        if (at == model.end()) at = model.begin();
        table.erase(at->first);
        model.erase(at);
      }
      ASSERT_EQ(table.size(), model.size()) << r.name;
      const std::uint64_t asked = random.below(std::max(odd, even) + 2) + 1;
      const auto known = model.find(asked);
      ASSERT_EQ(table.find(asked), known == model.end() ? nullptr : known->second) << r.name << ", id " << asked;
      if (step % 97 != 0) continue;
      for (const auto& [id, x] : model) ASSERT_EQ(table.find(id), x) << r.name << ", id " << id;
      std::size_t seen = 0;
      table.for_each([&](exchange&) { ++seen; });
      ASSERT_EQ(seen, model.size()) << r.name;
    }
    while (!model.empty()) {
      table.erase(model.begin()->first);
      model.erase(model.begin());
    }
    EXPECT_TRUE(table.empty());
    table.rest();
    EXPECT_EQ(table.find(1), nullptr) << "at rest it has no memory to look into";
    table.erase(1);
    table.insert(1, &some[1]);
    EXPECT_EQ(table.find(1), &some[1]) << "and what it takes up again is empty";
    EXPECT_EQ(table.size(), 1U);
    table.erase(1);
    table.rest();
  }
}

TEST(exchange_table, what_is_not_there_is_not_found) {
  exchange_table table;
  exchange x;
  EXPECT_EQ(table.find(1), nullptr);
  table.erase(1);
  table.insert(3, &x);
  table.erase(1);
  table.erase(0);
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_EQ(table.find(3), &x);
}

}  // namespace
