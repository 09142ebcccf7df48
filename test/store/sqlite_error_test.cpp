// Which of SQLite's codes is which of ours, and what the messages say.
#include "store/sqlite_error.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <sqlite3.h>

namespace parley::store {
namespace {

using kind = store_error::kind;

TEST(store_sqlite_error, codes) {
  struct {
    int code;
    int system_errno;
    kind expected;
  } const table[] = {
      {SQLITE_BUSY, 0, kind::busy},
      {SQLITE_BUSY_RECOVERY, 0, kind::busy},
      {SQLITE_BUSY_SNAPSHOT, 0, kind::busy},
      {SQLITE_LOCKED, 0, kind::busy},
      {SQLITE_LOCKED_SHAREDCACHE, 0, kind::busy},
      {SQLITE_PROTOCOL, 0, kind::busy},
      {SQLITE_NOMEM, 0, kind::busy},
      {SQLITE_IOERR_NOMEM, 0, kind::busy},
      {SQLITE_CANTOPEN, EMFILE, kind::busy},
      {SQLITE_CANTOPEN, ENFILE, kind::busy},
      {SQLITE_FULL, 0, kind::full},
      {SQLITE_TOOBIG, 0, kind::full},
      {SQLITE_IOERR_WRITE, ENOSPC, kind::full},
      {SQLITE_IOERR_WRITE, EDQUOT, kind::full},
      {SQLITE_IOERR_WRITE, EFBIG, kind::full},
      {SQLITE_IOERR_SHMSIZE, ENOSPC, kind::full},
      {SQLITE_CANTOPEN, ENOSPC, kind::full},
      {SQLITE_IOERR_WRITE, EIO, kind::gone},
      {SQLITE_IOERR_READ, EIO, kind::gone},
      {SQLITE_IOERR_FSYNC, EIO, kind::gone},
      {SQLITE_IOERR_FSTAT, ENOENT, kind::gone},
      {SQLITE_CANTOPEN, ENOENT, kind::gone},
      {SQLITE_CANTOPEN_ISDIR, 0, kind::gone},
      {SQLITE_READONLY, 0, kind::gone},
      {SQLITE_READONLY_DBMOVED, 0, kind::gone},
      {SQLITE_READONLY_DIRECTORY, 0, kind::gone},
      {SQLITE_PERM, 0, kind::gone},
      {SQLITE_CORRUPT, 0, kind::corrupt},
      {SQLITE_CORRUPT_INDEX, 0, kind::corrupt},
      {SQLITE_NOTADB, 0, kind::corrupt},
      {SQLITE_IOERR_CORRUPTFS, 0, kind::corrupt},
      {SQLITE_ERROR, 0, kind::corrupt},
  };
  for (const auto& row : table) {
    EXPECT_EQ(kind_of(row.code, row.system_errno), row.expected)
        << sqlite3_errstr(row.code) << " " << row.code << " " << row.system_errno;
  }
}

TEST(store_sqlite_error, messages_name_the_file_the_deed_the_reason_and_the_way_out) {
  const auto said = [](int code, int system_errno) {
    return std::string(make_error(code, system_errno, "/data/db", "write").what());
  };
  EXPECT_EQ(said(SQLITE_BUSY, 0),
            "/data/db: cannot write: database is locked; another program holds its lock: end that one, or wait and try again");
  EXPECT_EQ(said(SQLITE_IOERR_WRITE, ENOSPC),
            "/data/db: cannot write: disk I/O error (No space left on device); free some space on its disk, then try again");
  EXPECT_EQ(said(SQLITE_CANTOPEN, ENOENT),
            "/data/db: cannot write: unable to open database file (No such file or directory); see that the file and its -wal are "
            "in their place, on a disk that works, and that this user may read and write them and their folder");
  EXPECT_EQ(said(SQLITE_NOTADB, 0),
            "/data/db: cannot write: file is not a database; put back a copy of it, save what can be saved with sqlite3's "
            ".recover, or choose another file");
  const store_error ours = make_error(kind::gone, "/data/db", "read", "it was moved");
  EXPECT_EQ(ours.why(), kind::gone);
  EXPECT_EQ(std::string(ours.what()).rfind("/data/db: cannot read: it was moved; see that", 0), 0U);
}

}  // namespace
}  // namespace parley::store
