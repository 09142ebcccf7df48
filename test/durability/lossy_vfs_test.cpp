// The disk that forgets, tried with SQLite alone: it must lose what was not synced, and nothing else.
#include "support/lossy_vfs.hpp"

#include "support/plain_sqlite.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <set>
#include <sqlite3.h>

namespace parley {
namespace {

using test::lossy_vfs;
using test::plain_sqlite;

/// A connection on such a disk; what fails throws.
struct lossy_connection {
  lossy_connection(const std::string& file, const lossy_vfs& disk) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(file.c_str(), &open, flags, disk.name().c_str()) == SQLITE_OK) return;
    sqlite3_close(open);
    throw std::runtime_error("not opened");
  }
  ~lossy_connection() { sqlite3_close(open); }
  lossy_connection(const lossy_connection&) = delete;
  lossy_connection& operator=(const lossy_connection&) = delete;

  int run(const std::string& sql) { return sqlite3_exec(open, sql.c_str(), nullptr, nullptr, nullptr); }
  sqlite3* open = nullptr;
};

/// How many rows are left of two that were written before and after the last sync; -1: not even the table.
int rows_after_power_cut(const std::string& journal_mode, std::uint64_t seed) {
  const test::scratch_folder folder;
  const std::string file = folder / "t.db";
  lossy_vfs disk;
  {
    lossy_connection on(file, disk);
    EXPECT_EQ(on.run("PRAGMA journal_mode=" + journal_mode + ";PRAGMA synchronous=EXTRA;CREATE TABLE t(x);INSERT INTO t VALUES(1)"),
              0);
    EXPECT_EQ(on.run("PRAGMA synchronous=OFF;INSERT INTO t VALUES(2)"), 0);
    int rows = 0;
    const auto count = [](void* to, int, char** values, char**) { return *static_cast<int*>(to) = std::atoi(values[0]), 0; };
    EXPECT_EQ(sqlite3_exec(on.open, "SELECT count(*) FROM t", count, &rows, nullptr), 0);
    EXPECT_EQ(rows, 2) << "what is not synced can be read";
    disk.cut_power(seed);
    EXPECT_NE(on.run("INSERT INTO t VALUES(3)"), 0) << "there is no power";
  }
  plain_sqlite after(file);
  EXPECT_EQ(after.value("PRAGMA integrity_check"), "ok");
  return after.value("SELECT count(*) FROM sqlite_schema") == "0" ? -1 : std::stoi(after.value("SELECT count(*) FROM t"));
}

TEST(lossy_vfs, what_was_synced_stays_and_the_rest_may_go) {
  std::set<int> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) seen.insert(rows_after_power_cut("WAL", seed));
  EXPECT_EQ(seen, (std::set<int>{1, 2}));
}

TEST(lossy_vfs, a_new_name_may_vanish_until_its_folder_is_synced) {
  std::set<bool> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const test::scratch_folder folder;
    lossy_vfs disk;
    {
      lossy_connection on(folder / "t.db", disk);
      EXPECT_EQ(on.run("PRAGMA synchronous=OFF;CREATE TABLE t(x)"), 0);
      disk.cut_power(seed);
    }
    seen.insert(std::filesystem::exists(folder / "t.db"));
  }
  EXPECT_EQ(seen, (std::set<bool>{false, true}));
}

TEST(lossy_vfs, a_removed_name_may_come_back_until_its_folder_is_synced) {
  // synchronous=FULL does not sync the folder after the journal's removal, so the transaction may be rolled back after all
  // (which is why SQLite has EXTRA, and one reason why the store uses a WAL).
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const test::scratch_folder folder;
    lossy_vfs disk;
    {
      lossy_connection on(folder / "t.db", disk);
      EXPECT_EQ(on.run("PRAGMA journal_mode=DELETE;PRAGMA synchronous=EXTRA;CREATE TABLE t(x)"), 0);
      EXPECT_EQ(on.run("PRAGMA synchronous=FULL;INSERT INTO t VALUES(1)"), 0);
      disk.cut_power(seed);
    }
    seen.insert(plain_sqlite(folder / "t.db").value("SELECT count(*) FROM t"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"0", "1"}));
}

TEST(lossy_vfs, sectors_are_torn) {
  // Only part of a large unsynced write survives for some seed: without a journal, SQLite then finds the damage.
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const test::scratch_folder folder;
    lossy_vfs disk;
    {
      lossy_connection on(folder / "t.db", disk);
      EXPECT_EQ(on.run("PRAGMA synchronous=EXTRA;CREATE TABLE t(x);INSERT INTO t VALUES(replace(hex(zeroblob(20000)),'0','a'))"),
                0);
      EXPECT_EQ(on.run("PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;UPDATE t SET x=replace(x,'a','b')"), 0);
      disk.cut_power(seed);
    }
    const std::string text = plain_sqlite(folder / "t.db").value("SELECT x FROM t");
    const bool old_part = text.find('a') != std::string::npos;
    const bool new_part = text.find('b') != std::string::npos;
    seen.insert(old_part && new_part ? "torn" : old_part ? "old" : "new");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new", "torn"}));
}

TEST(lossy_vfs, power_is_cut_at_any_step) {
  // A table of two rows in one transaction: at every step it is there whole or not at all.
  std::uint64_t step = 0;
  std::set<int> seen;
  for (bool finished = false; !finished;) {
    const test::scratch_folder folder;
    lossy_vfs disk;
    ++step;
    disk.cut_power_at(step, step);
    try {
      lossy_connection on(folder / "t.db", disk);
      const std::string sql =
          "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;BEGIN;CREATE TABLE t(x);INSERT INTO t VALUES(1),(2);COMMIT";
      finished = on.run(sql) == 0 && disk.steps() < step;
    } catch (const std::runtime_error&) {
      // cut before the file was there
    }
    plain_sqlite after(folder / "t.db");
    const bool there = after.value("SELECT count(*) FROM sqlite_schema") == "1";
    seen.insert(there ? std::stoi(after.value("SELECT count(*) FROM t")) : 0);
  }
  EXPECT_GT(step, 8U);
  EXPECT_EQ(seen, (std::set<int>{0, 2}));
}

}  // namespace
}  // namespace parley
