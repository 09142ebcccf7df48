// A database that is locked, full, gone or damaged: the right error, and work again once the cause has passed.
#include "store/store_tester.hpp"
#include "support/lossy_vfs.hpp"
#include "support/plain_sqlite.hpp"

#include <cerrno>
#include <fstream>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley {
namespace {

using test::plain_sqlite;
using test::store_fixture;
namespace files = std::filesystem;

void write_file(const std::string& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

void move_all(const std::string& from, const std::string& to) {
  for (const char* const end : {"", "-wal", "-shm"}) {
    if (files::exists(from + end)) files::rename(from + end, to + end);
  }
}

/// The error of opening, if it fails.
std::optional<store_error> open_error(const std::string& file, const sqlite_options& how = {}) {
  try {
    (void)open_sqlite(file, "things", how);
  } catch (const store_error& error) {
    return error;
  }
  return std::nullopt;
}

#define EXPECT_OPEN_ERROR(file, expected, words)                                          \
  do {                                                                                    \
    const auto error = open_error(file);                                                  \
    ASSERT_TRUE(error.has_value()) << "it opened";                                        \
    EXPECT_EQ(error->why(), store_error::kind::expected) << error->what();                \
    EXPECT_NE(std::string(error->what()).find(words), std::string::npos) << error->what(); \
    EXPECT_EQ(std::string(error->what()).rfind(file, 0), 0U) << error->what();             \
  } while (false)

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

TEST(store_trouble, opening_what_another_program_holds_alone) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";
  { const auto made = open_sqlite(file, "things"); }
  {
    plain_sqlite other(file);
    other.run("PRAGMA locking_mode=EXCLUSIVE");
    other.run("BEGIN IMMEDIATE");
    other.run("CREATE TABLE x(y)");
    const auto error = open_error(file, sqlite_options().busy_timeout_ms(10));
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->why(), store_error::kind::busy) << error->what();
    other.run("ROLLBACK");
  }
  EXPECT_FALSE(open_error(file).has_value());
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

TEST(store_trouble, moved_away_and_back) {
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

TEST(store_trouble, removed_and_a_copy_put_back) {
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

TEST(store_trouble, replaced_by_another_file) {
  store_fixture fresh;
  run(fresh.store->put(1, "one"));
  move_all(fresh.file, fresh.folder / "away");
  write_file(fresh.file, "");
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), gone);
  EXPECT_STORE_ERROR(fresh.store->get(1), gone);
  EXPECT_STORE_ERROR(fresh.store->put(1, "two"), gone);
  EXPECT_EQ(files::file_size(fresh.file), 0U) << "it is not filled";
  write_file(fresh.file, "this is a letter, not a database, and it is long enough to tell: " + std::string(4096, '.'));
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

TEST(store_trouble, old_and_new_connections_never_meet) {
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

TEST(store_trouble, the_log_alone_was_removed) {
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

TEST(store_trouble, a_damaged_page) {
  store_fixture fresh;
  for (std::int64_t id = 1; id <= 100; ++id) run(outcome_of_put(*fresh.store, id, 500));
  fresh.store.reset();
  const std::string copy = fresh.folder / "copy";
  files::copy_file(fresh.file, copy);
  const auto size = files::file_size(fresh.file);
  ASSERT_GT(size, 8U * 4096);
  {
    std::fstream damage(fresh.file, std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t at = 4 * 4096; at < size; at += 4096) damage.seekp(static_cast<std::streamoff>(at)) << std::string(200, '\xee');
  }
  fresh.open();
  EXPECT_STORE_ERROR(fresh.store->list(0, 1000), corrupt);
  EXPECT_STORE_ERROR(fresh.store->put(70, "x"), corrupt);
  files::remove(fresh.file);
  files::rename(copy, fresh.file);
  EXPECT_EQ(run(fresh.store->list(0, 1000)).records.size(), 100U);
}

TEST(store_trouble, what_cannot_be_opened) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";

  files::create_directory(folder / "a folder");
  EXPECT_OPEN_ERROR(folder / "a folder", gone, "cannot open");
  write_file(folder / "not a folder", "x");
  EXPECT_OPEN_ERROR(folder / "not a folder/records.db", gone, "Not a directory");
  files::create_symlink(folder / "nowhere", folder / "link");
  EXPECT_OPEN_ERROR(folder / "link", gone, "cannot open");

  write_file(folder / "letter", std::string(5000, 'a'));
  EXPECT_OPEN_ERROR(folder / "letter", corrupt, "not a database");
  plain_sqlite(folder / "foreign").run("CREATE TABLE places(url)");
  EXPECT_OPEN_ERROR(folder / "foreign", corrupt, "another program's database");
  plain_sqlite(folder / "foreign").run("PRAGMA user_version=1");
  EXPECT_OPEN_ERROR(folder / "foreign", corrupt, "another program's database");

  { const auto made = open_sqlite(file, "things"); }
  plain_sqlite(file).run("PRAGMA user_version=2");
  EXPECT_OPEN_ERROR(file, corrupt, "it is of version 2, made by a newer Parley; this one knows up to 1");
  EXPECT_EQ(plain_sqlite(file).value("PRAGMA user_version"), "2") << "it was left alone";
  EXPECT_OPEN_ERROR(folder / "foreign", corrupt, "choose another file");
}

TEST(store_trouble, an_empty_file_is_a_new_database) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";
  write_file(file, "");
  const auto store = open_sqlite(file, "things");
  EXPECT_EQ(run(store->put(1, "x")), record_store::outcome::created);
}

/// Runs `check` in a process that is not root; its exit code, 0 for true.
int exit_code_of_unprivileged(bool (*check)(const std::string&), const std::string& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(3);
    ::_exit(check(file) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

bool opening_is_refused(const std::string& file) {
  const auto error = open_error(file);
  return error.has_value() && error->why() == store_error::kind::gone;
}

TEST(store_trouble, without_the_right_to_it) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";
  {
    const auto made = open_sqlite(file, "things");
    run(made->put(1, "x"));
  }
  files::permissions(folder.path(), files::perms{0555});
  files::permissions(file, files::perms{0444});
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, file), 0) << "may not be written";
  files::permissions(file, files::perms{0000});
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, file), 0) << "may not be read";
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, folder / "new.db"), 0) << "may not be made";
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, folder / "new/new.db"), 0) << "nor its folder";
  files::permissions(folder.path(), files::perms{0700});
}

}  // namespace
}  // namespace parley
