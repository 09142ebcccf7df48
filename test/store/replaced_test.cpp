// The file is moved, removed, replaced or damaged while it is open.
#include "store/store_tester.hpp"
#include "support/plain_sqlite.hpp"

#include <fstream>

namespace parley {
namespace {

using test::plain_sqlite;
using test::store_fixture;
namespace files = std::filesystem;

void move_all(const std::string& from, const std::string& to) {
  for (const char* const end : {"", "-wal", "-shm"}) {
    if (files::exists(from + end)) files::rename(from + end, to + end);
  }
}

TEST(store_replaced, moved_away_and_back) {
  store_fixture fresh(sqlite_options().readers(1));
  run(fresh.store->put(1, "one"));
  EXPECT_TRUE(run(fresh.store->get(1)).has_value());
  move_all(fresh.file, fresh.folder / "away");
  EXPECT_STORE_ERROR(fresh.store->get(1), gone);  // though SQLite still has it open
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), gone);
  EXPECT_STORE_ERROR(fresh.store->list(0, 10), gone);
  EXPECT_STORE_ERROR(fresh.store->remove(1), gone);
  EXPECT_FALSE(files::exists(fresh.file)) << "it is not made anew";
  move_all(fresh.folder / "away", fresh.file);
  EXPECT_TRUE(run(fresh.store->get(1)).has_value());
  EXPECT_EQ(run(fresh.store->insert([](std::int64_t) { return "x"; })), 2);
}

TEST(store_replaced, removed_and_a_copy_put_back) {
  store_fixture fresh;
  run(fresh.store->put(1, "one"));
  const std::string copy = fresh.folder / "copy";
  plain_sqlite(fresh.file).run("VACUUM INTO '" + copy + "'");
  for (const char* const end : {"", "-wal", "-shm"}) files::remove(fresh.file + end);
  EXPECT_STORE_ERROR(fresh.store->get(1), gone);
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), gone);
  files::rename(copy, fresh.file);
  EXPECT_EQ(run(fresh.store->get(1))->document, "one");
  EXPECT_EQ(run(fresh.store->put(1, "three")), record_store::outcome::updated);
  EXPECT_EQ(plain_sqlite(fresh.file).records("things").at(1), "three");
}

TEST(store_replaced, replaced_by_another_file) {
  store_fixture fresh;
  run(fresh.store->put(1, "one"));
  move_all(fresh.file, fresh.folder / "away");
  test::write_file(fresh.file, "");
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), gone);
  EXPECT_STORE_ERROR(fresh.store->get(1), gone);
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), gone);
  EXPECT_EQ(files::file_size(fresh.file), 0U) << "it is not filled";
  test::write_file(fresh.file, "this is a letter, not a database, and it is long enough to tell: " + std::string(4096, '.'));
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), corrupt);
  EXPECT_STORE_ERROR(fresh.store->get(1), corrupt);
  move_all(fresh.folder / "away", fresh.file);
  EXPECT_TRUE(run(fresh.store->get(1)).has_value());
  EXPECT_EQ(run(fresh.store->put(1, "three")), record_store::outcome::updated);
}

/// The open files of this process that have no name below the folder any more.
std::size_t nameless_files(const files::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : files::directory_iterator("/proc/self/fd")) {
    std::error_code gone_meanwhile;
    const std::string target = files::read_symlink(entry.path(), gone_meanwhile).string();
    if (target.starts_with(folder.string()) && target.ends_with(" (deleted)")) ++count;
  }
  return count;
}

TEST(store_replaced, old_and_new_connections_never_meet) {
  store_fixture fresh(sqlite_options().readers(1));
  run(fresh.store->put(1, "old"));  // the writer's connection is open, the reader's not yet
  const std::string copy = fresh.folder / "copy";
  plain_sqlite(fresh.file).run("VACUUM INTO '" + copy + "'");
  plain_sqlite(copy).run("UPDATE records_things SET document='new'");
  for (const char* const end : {"-wal", "-shm"}) files::remove(fresh.file + end);
  files::rename(copy, fresh.file);
  EXPECT_EQ(run(fresh.store->get(1))->document, "new");
  EXPECT_EQ(nameless_files(fresh.folder.path()), 0U) << "both would use the name of the -wal";
  EXPECT_EQ(run(fresh.store->put(1, "newer")), record_store::outcome::updated);
  EXPECT_EQ(run(fresh.store->get(1))->document, "newer");
}

TEST(store_replaced, the_log_alone_was_removed) {
  store_fixture fresh;
  run(fresh.store->put(1, "one"));
  files::remove(fresh.file + "-wal");
  EXPECT_STORE_ERROR(fresh.store->put(2, "two"), gone);
  EXPECT_EQ(run(fresh.store->put(3, "three")), record_store::outcome::created);
  EXPECT_EQ(run(fresh.store->get(1))->document, "one") << "what was acknowledged was saved from the open log";
  fresh.store.reset();
  EXPECT_EQ(plain_sqlite(fresh.file).value("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(plain_sqlite(fresh.file).records("things").at(1), "one");
}

TEST(store_replaced, a_damaged_page) {
  store_fixture fresh;
  for (std::int64_t id = 1; id <= 100; ++id) run(fresh.store->put(id, std::string(500, 'x')));
  fresh.store.reset();
  const std::string copy = fresh.folder / "copy";
  files::copy_file(fresh.file, copy);
  const auto size = files::file_size(fresh.file);
  ASSERT_GT(size, 8U * 4096);
  {
    std::fstream damage(fresh.file, std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t at = 4 * 4096; at < size; at += 4096)
      damage.seekp(static_cast<std::streamoff>(at)) << std::string(200, '\xee');
  }
  fresh.open();
  EXPECT_STORE_ERROR(fresh.store->list(0, 1000), corrupt);
  EXPECT_STORE_ERROR(fresh.store->put(70, "x"), corrupt);
  files::remove(fresh.file);
  files::rename(copy, fresh.file);
  EXPECT_EQ(run(fresh.store->list(0, 1000)).records.size(), 100U);
}

}  // namespace
}  // namespace parley
