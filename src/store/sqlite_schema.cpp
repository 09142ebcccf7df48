#include "store/sqlite_schema.hpp"

#include "base/unique_fd.hpp"
#include "store/sqlite_error.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sqlite3.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::store {
namespace {

[[noreturn]] void raise_errno(const std::string& file, std::string_view reason) {
  throw make_error(SQLITE_CANTOPEN, errno, file, "make it", reason);
}

/// A new name is on the disk once its folder is.
void sync_folder(const std::filesystem::path& folder) {
  const base::unique_fd open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open || ::fsync(open.get()) != 0) raise_errno(folder, "the folder cannot be synced");
}

void make_folders(const std::filesystem::path& folder) {
  if (folder.empty() || std::filesystem::exists(folder)) return;
  make_folders(folder.parent_path());
  if (::mkdir(folder.c_str(), 0700) == 0) {
    sync_folder(folder.parent_path());
  } else if (errno != EEXIST) {  // another program may have been faster
    raise_errno(folder, "the folder cannot be made");
  }
}

/// The version of the file's schema; throws when it is not one of ours.
std::int64_t version_of(connection& on) {
  const std::int64_t version = on.number("PRAGMA user_version");
  const bool empty = version == 0 && on.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (empty) return 0;
  if (on.number("PRAGMA application_id") != application_id) {
    on.raise(store_error::kind::corrupt, "it is another program's database");
  }
  if (version > schema_version) {
    on.raise(store_error::kind::corrupt, "it is of version " + std::to_string(version) +
                                             ", made by a newer Parley; this one knows up to " + std::to_string(schema_version));
  }
  return version;
}

bool has_table(connection& on, const std::string& table) {
  return on.number("SELECT count(*) FROM sqlite_schema WHERE type='table' AND name='" + table + "'") != 0;
}

}  // namespace

// AUTOINCREMENT keeps the highest id ever used in sqlite_sequence, so that ids of removed records never return.
table_definition record_table() { return {"(id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL)", {}}; }

std::string table_of(std::string_view collection, std::string_view prefix) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (collection.empty() || collection.size() > 64 || !std::ranges::all_of(collection, allowed)) {
    throw std::invalid_argument("parley::open_sqlite: \"" + std::string(collection) +
                                "\" cannot name a collection; use 1 to 64 letters, digits and _");
  }
  // SQL's names have no case, but the rows of sqlite_sequence have one.
  std::string table(prefix);
  for (const char c : collection) table += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return table;
}

std::string absolute_path(const std::string& file) {
  if (file.empty() || file.find('\0') != std::string::npos) {
    throw std::invalid_argument("parley::open_sqlite: the path is empty or holds a zero byte; name a file");
  }
  return std::filesystem::absolute(file).string();
}

void prepare_file(const std::string& file) {
  try {
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    make_folders(folder);
    // EXCL: a file that exists is not opened here, since closing it would drop the locks that this process has on it (POSIX).
    const base::unique_fd made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made) {
      if (errno == EEXIST) return;
      raise_errno(file, "the file cannot be made");
    }
    if (::fsync(made.get()) != 0) raise_errno(file, "the file cannot be synced");
    sync_folder(folder);
  } catch (const std::filesystem::filesystem_error& error) {
    throw make_error(SQLITE_CANTOPEN, error.code().value(), file, "open", "its folder cannot be looked at");
  }
}

void make_table(connection& on, const std::string& table, const table_definition& what) {
  const std::int64_t found = version_of(on);
  on.use_wal();
  if (found == schema_version && has_table(on, table)) return;
  on.execute("BEGIN IMMEDIATE");
  // Another program may have made it meanwhile.
  if (version_of(on) == 0) {
    on.execute("PRAGMA application_id=" + std::to_string(application_id));
    on.execute("PRAGMA user_version=" + std::to_string(schema_version));
  }
  on.execute("CREATE TABLE IF NOT EXISTS " + table + " " + what.columns);
  for (const std::string& column : what.indexes) {
    on.execute("CREATE INDEX IF NOT EXISTS " + table + "_by_" + column + " ON " + table + "(" + column + ")");
  }
  on.execute("COMMIT");
}

void check_table(connection& on, const std::string& table) {
  if (version_of(on) != schema_version || !has_table(on, table)) {
    on.raise(store_error::kind::gone, "the file in its place does not hold the records");
  }
  on.use_wal();
}

}  // namespace parley::store
