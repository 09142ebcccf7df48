// Many loops and threads on one store: groups, order, and what one reads of another's writes.
#include "store/store_tester.hpp"
#include "support/lossy_vfs.hpp"

#include <algorithm>
#include <atomic>
#include <set>

namespace parley {
namespace {

using test::store_fixture;

std::optional<std::string> one_more(const std::string& present) { return std::to_string(std::stoll(present) + 1); }

task<> add_many(record_store& store, std::int64_t id, int times) {
  for (int i = 0; i < times; ++i) {
    auto more = store.modify(id, one_more);
    co_await more;
  }
}

task<> insert_many(record_store& store, int times, std::vector<std::int64_t>& ids) {
  for (int i = 0; i < times; ++i) {
    auto insert = store.insert([](std::int64_t id) { return std::to_string(id); });
    const std::int64_t id = co_await insert;
    ids.push_back(id);
  }
}

task<std::string> insert_and_remove(record_store& store, int times) {
  for (int i = 0; i < times; ++i) {
    auto insert = store.insert([](std::int64_t id) { return std::to_string(id); });
    const std::int64_t id = co_await insert;
    auto read = store.get(id);
    const auto found = co_await read;
    if (!found || found->document != std::to_string(id)) co_return "an acknowledged insert was not seen";
    auto remove = store.remove(id);
    const bool removed = co_await remove;
    if (!removed) co_return "an acknowledged insert was not removed";
    auto again = store.get(id);
    const auto left = co_await again;
    if (left) co_return "an acknowledged removal was not seen";
  }
  co_return "";
}

task<> note_outcome(task<record_store::outcome> work, std::atomic<int>& done, std::atomic<int>& failed) {
  try {
    co_await work;
    ++done;
  } catch (const std::exception&) {
    ++failed;
  }
}

TEST(store_concurrency, changes_from_many_loops_are_one_after_the_other) {
  store_fixture fresh;
  run(fresh.store->put(1, "0"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      std::vector<task<>> works;
      for (int i = 0; i < 8; ++i) works.push_back(add_many(*fresh.store, 1, 10));
      run(when_all(std::move(works)));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(run(fresh.store->get(1))->document, "240");
}

TEST(store_concurrency, ids_are_given_once) {
  store_fixture fresh;
  std::vector<std::vector<std::int64_t>> ids(4);
  std::vector<std::thread> threads;
  for (auto& own : ids) threads.emplace_back([&] { run(insert_many(*fresh.store, 25, own)); });
  for (auto& thread : threads) thread.join();
  std::set<std::int64_t> all;
  for (const auto& own : ids) {
    EXPECT_TRUE(std::ranges::is_sorted(own));
    all.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all.size(), 100U);
  EXPECT_EQ(*all.rbegin(), 100);
}

TEST(store_concurrency, an_acknowledged_write_is_seen) {
  store_fixture fresh;
  std::vector<std::string> complaints(3);
  std::vector<std::thread> threads;
  for (auto& complaint : complaints) threads.emplace_back([&] { complaint = run(insert_and_remove(*fresh.store, 15)); });
  for (auto& thread : threads) thread.join();
  for (const auto& complaint : complaints) EXPECT_EQ(complaint, "");
}

TEST(store_concurrency, an_acknowledged_write_is_seen_on_other_threads) {
  store_fixture fresh(sqlite_options().readers(4));
  for (int i = 0; i < 20; ++i) {
    std::thread([&] { run(fresh.store->put(1, std::to_string(i))); }).join();
    std::vector<std::thread> readers;  // so that each of the store's readers is asked
    for (int r = 0; r < 4; ++r) {
      readers.emplace_back([&] { EXPECT_EQ(run(fresh.store->get(1))->document, std::to_string(i)); });
    }
    for (auto& reader : readers) reader.join();
  }
}

task<bool> stays_on_its_thread(record_store& store) {
  const auto before = std::this_thread::get_id();
  auto write = store.put(1, "x");
  co_await write;
  const bool after_write = std::this_thread::get_id() == before;
  auto read = store.get(1);
  co_await read;
  co_return after_write&& std::this_thread::get_id() == before;
}

TEST(store_concurrency, a_task_goes_on_where_it_waited) {
  store_fixture fresh;
  EXPECT_TRUE(run(stays_on_its_thread(*fresh.store)));
}

TEST(store_concurrency, what_waits_together_is_committed_together) {
  test::lossy_vfs disk;
  store_fixture fresh(sqlite_options().vfs(disk.name()));
  test::held_writer held(*fresh.store);
  std::atomic<int> done = 0;
  std::atomic<int> failed = 0;
  std::promise<void> all_wait;
  std::thread many([&] {
    auto spawn_all = [&]() -> task<> {
      for (std::int64_t id = 100; id < 300; ++id) spawn(note_outcome(fresh.store->put(id, "x"), done, failed));
      auto turn = parley::yield();
      co_await turn;
      all_wait.set_value();
      auto last = fresh.store->put(300, "x");
      co_await last;
      while (done + failed < 200) {
        auto next = parley::yield();
        co_await next;
      }
    };
    run(spawn_all());
  });
  all_wait.get_future().wait();
  const std::uint64_t before = disk.syncs();
  held.let_go();
  many.join();
  EXPECT_EQ(done, 200);
  EXPECT_LE(disk.syncs() - before, 3U) << "the held write, the group, and perhaps the last one";
  EXPECT_EQ(run(fresh.store->count()), 202U);
}

TEST(store_concurrency, one_that_throws_does_not_take_its_group_along) {
  store_fixture fresh;
  run(fresh.store->put(2, "two"));
  test::held_writer held(*fresh.store);
  std::promise<void> all_wait;
  auto together = [&]() -> task<> {
    auto refuse = [](const std::string&) -> std::optional<std::string> { throw std::domain_error("no"); };
    auto first = fresh.store->put(10, "before");
    auto second = fresh.store->modify(2, refuse);
    auto third = fresh.store->put(11, "after");
    std::atomic<int> done = 0;
    std::atomic<int> failed = 0;
    auto before = note_outcome(std::move(first), done, failed);
    auto after = note_outcome(std::move(third), done, failed);
    auto thrown = [](task<std::optional<std::string>> work, std::atomic<int>& count) -> task<> {
      try {
        co_await work;
      } catch (const std::domain_error&) {
        ++count;
      }
    };
    auto middle = thrown(std::move(second), failed);
    auto signal = [](std::promise<void>& to) -> task<> {
      auto turn = parley::yield();
      co_await turn;
      to.set_value();
    };
    auto told = signal(all_wait);
    auto all = when_all(std::move(before), std::move(middle), std::move(after), std::move(told));
    co_await all;
    EXPECT_EQ(done, 2);
    EXPECT_EQ(failed, 1);
  };
  std::thread many([&] { run(together()); });
  all_wait.get_future().wait();
  held.let_go();
  many.join();
  EXPECT_EQ(run(fresh.store->get(10))->document, "before");
  EXPECT_EQ(run(fresh.store->get(2))->document, "two");
  EXPECT_EQ(run(fresh.store->get(11))->document, "after");
}

}  // namespace
}  // namespace parley
