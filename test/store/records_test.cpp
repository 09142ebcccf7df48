// Every operation of record_store, on SQLite.
#include "store/store_tester.hpp"
#include "support/plain_sqlite.hpp"

#include <sys/stat.h>

namespace parley {
namespace {

using test::store_fixture;

std::string numbered_document(std::int64_t id) { return "{\"id\":" + std::to_string(id) + "}"; }

mode_t mode_of(const std::string& path) {
  struct stat found{};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

TEST(store_records, put_says_whether_it_made_or_changed) {
  store_fixture fresh;
  EXPECT_EQ(run(fresh.store->put(100, "a")), record_store::outcome::created);
  EXPECT_EQ(run(fresh.store->put(100, "b")), record_store::outcome::updated);
  EXPECT_EQ(run(fresh.store->put(100, "b")), record_store::outcome::updated);  // even when nothing differs
  const auto found = run(fresh.store->get(100));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, 100);
  EXPECT_EQ(found->document, "b");
}

TEST(store_records, what_is_not_there) {
  store_fixture fresh;
  bool called = false;
  auto change = [&](const std::string&) -> std::optional<std::string> {
    called = true;
    return "x";
  };
  for (const std::int64_t id : {std::int64_t{1}, std::int64_t{0}, std::int64_t{-7}, INT64_MAX, INT64_MIN}) {
    EXPECT_FALSE(run(fresh.store->get(id)).has_value());
    EXPECT_FALSE(run(fresh.store->remove(id)));
    EXPECT_FALSE(run(fresh.store->modify(id, change)).has_value());
  }
  EXPECT_FALSE(called);
  EXPECT_EQ(run(fresh.store->count()), 0U);
  const auto page = run(fresh.store->list(0, 10));
  EXPECT_TRUE(page.records.empty());
  EXPECT_FALSE(page.more);
}

TEST(store_records, exchange_makes_changes_and_removes_as_one_step) {
  using document = std::optional<std::string>;
  store_fixture fresh;
  std::vector<document> seen;
  const auto give = [&](document next) {
    return fresh.store->exchange(7, [&seen, next](const document& present) {
      seen.push_back(present);
      return next;
    });
  };
  EXPECT_EQ(run(give(std::nullopt)), std::nullopt) << "nothing stays nothing";
  EXPECT_EQ(run(give("a")), std::nullopt);
  EXPECT_EQ(run(give("b")), "a");
  EXPECT_EQ(run(fresh.store->get(7))->document, "b");
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 8) << "what was made counts";
  EXPECT_EQ(run(give(std::nullopt)), "b");
  EXPECT_FALSE(run(fresh.store->get(7)).has_value());
  EXPECT_EQ(seen, (std::vector<document>{std::nullopt, std::nullopt, "a", "b"}));

  run(give("c"));
  const auto refuse = [](const document&) -> document { throw std::runtime_error("somebody was faster"); };
  EXPECT_THROW(run(fresh.store->exchange(7, refuse)), std::runtime_error);
  EXPECT_EQ(run(fresh.store->get(7))->document, "c");
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{-1}, record_store::highest_put_id + 1}) {
    EXPECT_THROW(static_cast<void>(fresh.store->exchange(id, refuse)), std::invalid_argument) << id;
  }
  EXPECT_THROW(static_cast<void>(fresh.store->exchange(7, {})), std::invalid_argument);
}

TEST(store_records, ids_are_never_used_twice) {
  store_fixture fresh;
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 1);
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 2);
  EXPECT_EQ(run(fresh.store->get(2))->document, "{\"id\":2}");
  EXPECT_TRUE(run(fresh.store->remove(2)));
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 3) << "2 was removed, not free";

  run(fresh.store->put(50, "explicit"));
  EXPECT_TRUE(run(fresh.store->remove(50)));
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 51) << "a put raises the mark";
  run(fresh.store->put(10, "below the mark"));
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 52);

  EXPECT_TRUE(run(fresh.store->remove(52)));
  fresh.store.reset();
  fresh.open();
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 53) << "the mark outlives the process";
}

TEST(store_records, no_put_uses_up_the_ids_for_insert) {
  store_fixture fresh;
  EXPECT_EQ(run(fresh.store->put(record_store::highest_put_id, "top")), record_store::outcome::created);
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), record_store::highest_put_id + 1);
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{-1}, record_store::highest_put_id + 1, INT64_MAX}) {
    EXPECT_THROW((void)fresh.store->put(id, "x"), std::invalid_argument) << id;
  }
  test::plain_sqlite(fresh.file).run("UPDATE sqlite_sequence SET seq=9223372036854775807");
  EXPECT_STORE_ERROR(fresh.store->insert(numbered_document), full);
  EXPECT_EQ(run(fresh.store->put(1, "still works")), record_store::outcome::created);
}

TEST(store_records, modify_changes_in_one_step) {
  store_fixture fresh;
  run(fresh.store->put(7, "seven"));
  std::string seen;
  auto change = [&](const std::string& present) -> std::optional<std::string> {
    seen = present;
    return present + "!";
  };
  EXPECT_EQ(run(fresh.store->modify(7, change)), "seven!");
  EXPECT_EQ(seen, "seven");
  EXPECT_EQ(run(fresh.store->get(7))->document, "seven!");
  EXPECT_EQ(run(fresh.store->modify(7, [](const std::string&) { return std::nullopt; })), "seven!") << "nothing leaves it";
}

TEST(store_records, a_function_that_throws_changes_nothing) {
  store_fixture fresh;
  run(fresh.store->put(7, "seven"));
  auto refuse = [](const std::string&) -> std::optional<std::string> { throw std::domain_error("not that"); };
  EXPECT_THROW(run(fresh.store->modify(7, refuse)), std::domain_error);
  EXPECT_EQ(run(fresh.store->get(7))->document, "seven");

  auto no_document = [](std::int64_t) -> std::string { throw 42; };
  EXPECT_THROW(run(fresh.store->insert(no_document)), int);
  EXPECT_EQ(run(fresh.store->count()), 1U);
  EXPECT_EQ(run(fresh.store->insert(numbered_document)), 8);
  EXPECT_THROW((void)fresh.store->insert(nullptr), std::invalid_argument);
  EXPECT_THROW((void)fresh.store->modify(7, nullptr), std::invalid_argument);
}

TEST(store_records, remove_says_whether_it_was_there) {
  store_fixture fresh;
  run(fresh.store->put(1, "a"));
  EXPECT_TRUE(run(fresh.store->remove(1)));
  EXPECT_FALSE(run(fresh.store->remove(1)));
  EXPECT_FALSE(run(fresh.store->get(1)).has_value());
}

TEST(store_records, pages_follow_each_other) {
  store_fixture fresh;
  for (std::int64_t id = 10; id <= 70; id += 10) run(fresh.store->put(id, std::to_string(id)));
  struct {
    std::int64_t after;
    std::size_t limit;
    std::vector<std::int64_t> ids;
    bool more;
  } const table[] = {
      {0, 3, {10, 20, 30}, true},
      {30, 3, {40, 50, 60}, true},
      {60, 3, {70}, false},
      {70, 3, {}, false},
      {0, 7, {10, 20, 30, 40, 50, 60, 70}, false},
      {35, 2, {40, 50}, true},
      {0, 0, {}, true},
      {70, 0, {}, false},
      {-5, 1, {10}, true},
      {60, SIZE_MAX, {70}, false},
  };
  for (const auto& row : table) {
    const auto page = run(fresh.store->list(row.after, row.limit));
    std::vector<std::int64_t> ids;
    for (const auto& one : page.records) {
      ids.push_back(one.id);
      EXPECT_EQ(one.document, std::to_string(one.id));
    }
    EXPECT_EQ(ids, row.ids) << "after " << row.after << ", limit " << row.limit;
    EXPECT_EQ(page.more, row.more) << "after " << row.after << ", limit " << row.limit;
  }
  EXPECT_EQ(run(fresh.store->count()), 7U);
}

TEST(store_records, a_page_ends_at_8_mib_but_is_never_empty) {
  store_fixture fresh;
  const std::string large(std::size_t{5} << 20, 'x');
  for (std::int64_t id = 1; id <= 3; ++id) run(fresh.store->put(id, large));
  const auto first = run(fresh.store->list(0, 100));
  EXPECT_EQ(first.records.size(), 2U);
  EXPECT_TRUE(first.more);
  const auto second = run(fresh.store->list(first.records.back().id, 100));
  EXPECT_EQ(second.records.size(), 1U);
  EXPECT_FALSE(second.more);
}

TEST(store_records, a_document_is_any_bytes) {
  store_fixture fresh;
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  const std::string documents[] = {
      "", std::string(1, '\0'), every, "\xff\xfe not UTF-8", std::string(std::size_t{1} << 20, 'm'), "9.0e1"};
  std::int64_t id = 0;
  for (const std::string& document : documents) {
    run(fresh.store->put(++id, document));
    EXPECT_EQ(run(fresh.store->get(id))->document, document) << id;
    EXPECT_EQ(run(fresh.store->modify(id, [](const std::string& present) { return present; })), document) << id;
  }
}

TEST(store_records, collections_of_one_file_are_apart) {
  store_fixture fresh;
  const auto other = open_sqlite(fresh.file, "other_2");
  const auto same = open_sqlite(fresh.file, "THINGS");
  run(fresh.store->put(5, "thing"));
  EXPECT_EQ(run(other->insert(numbered_document)), 1);
  EXPECT_EQ(run(other->count()), 1U);
  EXPECT_EQ(run(same->get(5))->document, "thing") << "case does not count";
  EXPECT_EQ(run(same->insert(numbered_document)), 6);
  for (const std::string name : {"", "a b", "a-b", "x;y", "caf\xc3\xa9", "\"", "a.b"}) {
    EXPECT_THROW((void)open_sqlite(fresh.file, name), std::invalid_argument) << name;
  }
  EXPECT_THROW((void)open_sqlite(fresh.file, std::string(65, 'n')), std::invalid_argument);
  EXPECT_NO_THROW((void)open_sqlite(fresh.file, std::string(64, 'n')));
}

TEST(store_records, files_are_for_their_user_alone) {
  const test::scratch_folder folder;
  const std::string file = folder / "data/of/ours/records.db";
  const mode_t before = ::umask(0);
  const auto store = open_sqlite(file, "things");
  run(store->put(1, "x"));
  ::umask(before);
  for (const char* const made : {"data", "data/of", "data/of/ours"}) EXPECT_EQ(mode_of(folder / made), 0700U) << made;
  for (const char* const end : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(file + end), 0600U) << end;
}

TEST(store_records, a_path_is_a_path) {
  const test::scratch_folder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  {
    const auto memory = open_sqlite(":memory:", "things");
    const auto address = open_sqlite("file:a.db?mode=memory", "things");
    std::filesystem::current_path(before);  // what was opened stays what it is
    run(memory->put(1, "x"));
    run(address->put(1, "x"));
  }
  EXPECT_TRUE(std::filesystem::exists(folder / ":memory:"));
  EXPECT_TRUE(std::filesystem::exists(folder / "file:a.db?mode=memory"));
  EXPECT_THROW((void)open_sqlite("", "things"), std::invalid_argument);
  EXPECT_THROW((void)open_sqlite(std::string("a\0b", 3), "things"), std::invalid_argument);
}

}  // namespace
}  // namespace parley
