// The threads behind a store, with jobs of the test's own.
#include "store/sqlite_database.hpp"

#include "store/job.hpp"
#include "store/sqlite_schema.hpp"
#include "store/store_tester.hpp"
#include "support/plain_sqlite.hpp"

namespace parley::store {
namespace {

database_settings settings_for(const std::string& file) {
  database_settings how;
  how.connection.file = file;
  how.table = table_of("things");
  return how;
}

/// Writes a record, and then fails if it is told to.
struct write_then_fail {
  using result = bool;
  std::int64_t id;
  bool fails;
  bool operator()(connection& on) const {
    on.prepare("INSERT INTO records_things VALUES(?1,'x')").bind(1, id).run();
    if (fails) throw std::domain_error("half done");
    return true;
  }
};

struct write_from_a_reader {
  using result = bool;
  bool operator()(connection& on) const {
    on.execute("INSERT INTO records_things VALUES(99,'x')");
    return true;
  }
};

template <class Work>
task<bool> works(std::shared_ptr<work_queue> queue, Work what) {
  auto work = std::make_shared<job_of<Work>>(std::move(what));
  waiting done(work, *queue);
  try {
    co_await done;
    co_return work->take();
  } catch (const std::exception&) {
    co_return false;
  }
}

TEST(store_sqlite_database, what_half_a_job_did_is_undone_and_the_rest_of_its_group_is_not) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";
  {
    const database on(settings_for(file));
    std::vector<task<bool>> together;
    for (std::int64_t id = 1; id <= 9; ++id) together.push_back(works(on.writes(), write_then_fail{id, id % 3 == 0}));
    const auto done = run(when_all(std::move(together)));
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(done[i], (i + 1) % 3 != 0) << i;
  }
  const auto records = test::plain_sqlite(file).records("things");
  EXPECT_EQ(records.size(), 6U);
  for (const std::int64_t id : {3, 6, 9}) EXPECT_FALSE(records.contains(id)) << id;
}

TEST(store_sqlite_database, readers_cannot_write) {
  const test::scratch_folder folder;
  const database on(settings_for(folder / "records.db"));
  EXPECT_FALSE(run(works(on.reads(), write_from_a_reader())));
  EXPECT_TRUE(run(works(on.writes(), write_from_a_reader())));
}

}  // namespace
}  // namespace parley::store
