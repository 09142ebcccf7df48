#include "store/sqlite_error.hpp"

#include <cerrno>
#include <sqlite3.h>
#include <system_error>

namespace parley::store {
namespace {

bool disk_is_full(int system_errno) { return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG; }

store_error::kind kind_of_io_error(int code) {
  switch (code) {
    case SQLITE_IOERR_NOMEM: return store_error::kind::busy;
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA: return store_error::kind::corrupt;
    default: return store_error::kind::gone;
  }
}

std::string_view way_out(store_error::kind kind, int code) {
  switch (kind) {
    case store_error::kind::busy:
      if ((code & 0xff) == SQLITE_BUSY) return "another program holds its lock: end that one, or wait and try again";
      return "try again soon";
    case store_error::kind::full:
      if ((code & 0xff) == SQLITE_TOOBIG) return "make the document smaller";
      return "free some space on its disk, then try again";
    case store_error::kind::gone:
      return "see that the file and its -wal are in their place, on a disk that works, and that this user may read and write "
             "them and their folder";
    case store_error::kind::corrupt:
      return "put back a copy of it, save what can be saved with sqlite3's .recover, or choose another file";
  }
  return "";
}

std::string message_of(const std::string& file, std::string_view doing, std::string_view reason, std::string_view out) {
  std::string text = file;
  text.append(": cannot ").append(doing).append(": ").append(reason).append("; ").append(out);
  return text;
}

}  // namespace

store_error::kind kind_of(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:  // a race for the WAL's locks that did not end
    case SQLITE_INTERRUPT:
    case SQLITE_NOMEM: return store_error::kind::busy;
    case SQLITE_FULL:
    case SQLITE_TOOBIG: return store_error::kind::full;
    case SQLITE_IOERR: return disk_is_full(system_errno) ? store_error::kind::full : kind_of_io_error(code);
    case SQLITE_CANTOPEN:
      if (disk_is_full(system_errno)) return store_error::kind::full;  // no room for the -wal or -shm
      if (system_errno == EMFILE || system_errno == ENFILE) return store_error::kind::busy;
      return store_error::kind::gone;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOLFS: return store_error::kind::gone;
    default: return store_error::kind::corrupt;  // CORRUPT, NOTADB, and a schema that is not ours
  }
}

store_error make_error(int code, int system_errno, const std::string& file, std::string_view doing, std::string_view reason) {
  const store_error::kind kind = kind_of(code, system_errno);
  std::string why(reason.empty() ? std::string_view(sqlite3_errstr(code)) : reason);
  if (system_errno != 0) why.append(" (").append(std::generic_category().message(system_errno)).append(")");
  return store_error(kind, message_of(file, doing, why, way_out(kind, code)));
}

store_error make_error(store_error::kind kind, const std::string& file, std::string_view doing, std::string_view reason) {
  return store_error(kind, message_of(file, doing, reason, way_out(kind, 0)));
}

}  // namespace parley::store
