// What can be opened, and what is said of the rest.
#include "store/store_tester.hpp"
#include "support/plain_sqlite.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace parley {
namespace {

using test::open_error;
using test::plain_sqlite;
using test::write_file;
namespace files = std::filesystem;

#define EXPECT_OPEN_ERROR(file, expected, words)                                           \
  do {                                                                                     \
    const auto error = test::open_error(file);                                             \
    ASSERT_TRUE(error.has_value()) << "it opened";                                         \
    EXPECT_EQ(error->why(), store_error::kind::expected) << error->what();                 \
    EXPECT_NE(std::string(error->what()).find(words), std::string::npos) << error->what(); \
    EXPECT_EQ(std::string(error->what()).rfind(file, 0), 0U) << error->what();             \
  } while (false)

TEST(store_opening, opening_what_another_program_holds_alone) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";
  {
    const auto made = open_sqlite(file, "things");
  }
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

TEST(store_opening, what_cannot_be_opened) {
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

  {
    const auto made = open_sqlite(file, "things");
  }
  plain_sqlite(file).run("PRAGMA user_version=2");
  EXPECT_OPEN_ERROR(file, corrupt, "it is of version 2, made by a newer Parley; this one knows up to 1");
  EXPECT_EQ(plain_sqlite(file).value("PRAGMA user_version"), "2") << "it was left alone";
  EXPECT_OPEN_ERROR(folder / "foreign", corrupt, "choose another file");
}

TEST(store_opening, an_empty_file_is_a_new_database) {
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

TEST(store_opening, without_the_right_to_it) {
  const test::scratch_folder folder;
  const std::string file = folder / "records.db";
  {
    const auto made = open_sqlite(file, "things");
    run(made->put(1, "x"));
  }
  files::permissions(file, files::perms{0444});
  files::permissions(folder.path(), files::perms{0777});
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, file), 0) << "may not be written, though its log may";
  for (const char* const end : {"-wal", "-shm"}) files::remove(file + end);
  files::permissions(folder.path(), files::perms{0555});
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, file), 0) << "may not be written";
  files::permissions(file, files::perms{0000});
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, file), 0) << "may not be read";
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, folder / "new.db"), 0) << "may not be made";
  EXPECT_EQ(exit_code_of_unprivileged(opening_is_refused, folder / "new/new.db"), 0) << "nor its folder";
  files::permissions(folder.path(), files::perms{0700});
}

}  // namespace
}  // namespace parley
