// A database that is locked, a disk that is full or fails: the right error, and work again once the cause has passed.
#include "store/store_tester.hpp"
#include "support/lossy_vfs.hpp"
#include "support/plain_sqlite.hpp"

#include <cerrno>
#include <sqlite3.h>

namespace parley {
namespace {

using test::plain_sqlite;
using test::store_fixture;

TEST(store_trouble, locked_by_another_program) {
  store_fixture fresh(sqlite_options().busy_timeout_ms(10));
  run(fresh.store->put(1, "one"));
  plain_sqlite other(fresh.file);
  other.run("BEGIN IMMEDIATE");
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), busy);
  EXPECT_EQ(run(fresh.store->get(1))->document, "one") << "who writes is in no reader's way";
  other.run("COMMIT");
  EXPECT_EQ(run(fresh.store->put(1, "two")), record_store::outcome::updated);
}

TEST(store_trouble, a_lock_that_goes_in_time_is_waited_for) {
  store_fixture fresh(sqlite_options().busy_timeout_ms(60000));
  plain_sqlite other(fresh.file);
  other.run("BEGIN IMMEDIATE");
  std::promise<void> begun;
  std::thread writes([&] {
    begun.set_value();
    EXPECT_EQ(run(fresh.store->put(1, "x")), record_store::outcome::created);
  });
  begun.get_future().wait();
  other.run("COMMIT");
  writes.join();
}

TEST(store_trouble, full_disk) {
  struct {
    int code;
    int system_errno;
  } const table[] = {{SQLITE_FULL, 0}, {SQLITE_IOERR_WRITE, ENOSPC}, {SQLITE_IOERR_WRITE, EDQUOT}};
  for (const auto& row : table) {
    test::lossy_vfs disk;
    store_fixture fresh(sqlite_options().vfs(disk.name()));
    run(fresh.store->put(1, "one"));
    disk.fail_writes(row.code, row.system_errno);
    EXPECT_STORE_ERROR(fresh.store->put(1, "two"), full);
    EXPECT_STORE_ERROR(fresh.store->insert([](std::int64_t) { return "x"; }), full);
    EXPECT_STORE_ERROR(fresh.store->remove(1), full);
    EXPECT_EQ(run(fresh.store->get(1))->document, "one");
    EXPECT_EQ(run(fresh.store->count()), 1U);
    disk.fail_writes(0);
    EXPECT_EQ(run(fresh.store->put(1, "three")), record_store::outcome::updated);
    EXPECT_EQ(run(fresh.store->insert([](std::int64_t) { return "x"; })), 2);
    fresh.store.reset();
  }
}

task<int> outcome_of_put(record_store& store, std::int64_t id, std::size_t bytes, char content = 'x') {
  try {
    auto put = store.put(id, std::string(bytes, content));
    co_await put;
    co_return 0;
  } catch (const store_error& error) {
    co_return error.why() == store_error::kind::full ? 1 : 2;
  }
}

TEST(store_trouble, what_fits_is_kept_when_another_of_its_group_does_not) {
  test::lossy_vfs disk;
  store_fixture fresh(sqlite_options().vfs(disk.name()));
  auto held = std::make_unique<test::held_writer>(*fresh.store);
  disk.bound_files(256 << 10);
  auto together = [&]() -> task<std::vector<int>> {
    std::vector<task<int>> works;
    for (std::int64_t id = 10; id < 20; ++id) works.push_back(outcome_of_put(*fresh.store, id, id == 15 ? 1 << 20 : 1000));
    auto release = [&]() -> task<int> {
      auto turn = parley::yield();  // until the others wait
      co_await turn;
      held->let_go();
      co_return 0;
    };
    works.push_back(release());
    auto all = when_all(std::move(works));
    auto ends = co_await all;
    co_return ends;
  };
  const std::vector<int> ends = run(together());
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(ends[i], i == 5 ? 1 : 0) << i;
    EXPECT_EQ(run(fresh.store->get(static_cast<std::int64_t>(i) + 10)).has_value(), i != 5) << i;
  }
}

TEST(store_trouble, a_log_that_fills_the_disk_is_used_anew) {
  test::lossy_vfs disk;
  store_fixture fresh(sqlite_options().vfs(disk.name()));
  disk.bound_files(1 << 20);  // neither the file nor the log may be larger
  for (int i = 0; i < 60; ++i) {
    // Others each time: SQLite does not write what is there already.
    const char content = i % 2 == 0 ? 'a' : 'b';
    ASSERT_EQ(run(outcome_of_put(*fresh.store, 1, 100000, content)), 0) << "6 MB are written to one place: " << i;
  }
}

TEST(store_trouble, a_disk_that_fails) {
  test::lossy_vfs disk;
  store_fixture fresh(sqlite_options().vfs(disk.name()));
  run(fresh.store->put(1, "one"));
  disk.fail_writes(SQLITE_IOERR_WRITE, EIO);
  EXPECT_STORE_ERROR(fresh.store->put(2, "two"), gone);
  EXPECT_STORE_ERROR(fresh.store->put(2, "two"), gone);
  disk.fail_writes(0);
  EXPECT_EQ(run(fresh.store->put(3, "three")), record_store::outcome::created);
  EXPECT_EQ(run(fresh.store->get(1))->document, "one");
  disk.fail_next_sync();
  EXPECT_STORE_ERROR(fresh.store->put(4, "four"), gone);
  EXPECT_EQ(run(fresh.store->put(5, "five")), record_store::outcome::created);
  EXPECT_EQ(run(fresh.store->get(3))->document, "three");
}

}  // namespace
}  // namespace parley
