// Several processes on one file; and the log, which must not grow for ever.
#include "store/store_tester.hpp"
#include "support/plain_sqlite.hpp"

#include <atomic>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace parley {
namespace {

using test::plain_sqlite;
using test::store_fixture;

std::optional<std::string> counted_up(const std::string& present) { return std::to_string(std::stoll(present) + 1); }

/// Opens the file as a process of its own would, and works on it.
bool work_on(const std::string& file, int times) {
  const auto store = open_sqlite(file, "things", sqlite_options().busy_timeout_ms(60000));
  for (int i = 0; i < times; ++i) {
    if (!run(store->modify(1, counted_up))) return false;
    const std::int64_t id = run(store->insert([](std::int64_t made) { return std::to_string(made); }));
    if (run(store->get(id))->document != std::to_string(id)) return false;
  }
  return true;
}

pid_t in_another_process(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 2;
  try {
    code = work() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ::_exit(code);
}

void expect_success(pid_t child) {
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(store_sharing, two_processes_write_one_file) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";
  {
    const auto store = open_sqlite(file, "things");
    run(store->put(1, "0"));
  }
  const pid_t first = in_another_process([&] { return work_on(file, 20); });
  const pid_t second = in_another_process([&] { return work_on(file, 20); });
  expect_success(first);
  expect_success(second);
  plain_sqlite look(file);
  EXPECT_EQ(look.records("things").at(1), "40");
  EXPECT_EQ(look.records("things").size(), 41U) << "no id was given twice";
  EXPECT_EQ(look.value("PRAGMA integrity_check"), "ok");
}

TEST(store_sharing, processes_that_make_the_same_file_at_once) {
  for (int round = 0; round < 5; ++round) {
    const test::scratch_folder folder;
    const std::string file = folder / "new/folder/records.db";
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      children.push_back(in_another_process([&] {
        const auto store = open_sqlite(file, "things", sqlite_options().busy_timeout_ms(60000));
        return run(store->insert([](std::int64_t id) { return std::to_string(id); })) > 0;
      }));
    }
    for (const pid_t child : children) expect_success(child);
    EXPECT_EQ(plain_sqlite(file).records("things").size(), 4U);
  }
}

TEST(store_sharing, stores_of_one_process_share_a_file_too) {
  store_fixture fresh(sqlite_options().busy_timeout_ms(60000));
  run(fresh.store->put(1, "0"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&] { EXPECT_TRUE(work_on(fresh.file, 10)); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(run(fresh.store->get(1))->document, "20");
}

task<> put_many(record_store& store, int times, std::size_t bytes, std::atomic<bool>& ended) {
  for (int i = 0; i < times; ++i) {
    auto put = store.put(2 + i % 10, std::string(bytes, static_cast<char>('a' + i % 26)));
    co_await put;
  }
  ended = true;
}

task<> read_on(record_store& store, const std::atomic<bool>& ended) {
  while (!ended) {
    auto read = store.list(0, 100);
    co_await read;
  }
}

TEST(store_sharing, the_log_stays_small_though_somebody_always_reads) {
  store_fixture fresh;
  std::atomic<bool> ended = false;
  std::thread reads(
      [&] { run(when_all(read_on(*fresh.store, ended), read_on(*fresh.store, ended), read_on(*fresh.store, ended))); });
  run(put_many(*fresh.store, 150, 400000, ended));  // 60 MB
  reads.join();
  EXPECT_LT(std::filesystem::file_size(fresh.file + "-wal"), std::size_t{28} << 20);
  EXPECT_EQ(run(fresh.store->count()), 10U);
}

TEST(store_sharing, the_log_stays_small) {
  store_fixture fresh;
  std::atomic<bool> ended = false;
  run(put_many(*fresh.store, 80, 400000, ended));  // 32 MB
  EXPECT_LT(std::filesystem::file_size(fresh.file + "-wal"), std::size_t{6} << 20);
}

}  // namespace
}  // namespace parley
