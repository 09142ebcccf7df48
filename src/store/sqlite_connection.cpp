#include "store/sqlite_connection.hpp"

#include "store/sqlite_error.hpp"

#include <cerrno>
#include <chrono>
#include <sqlite3.h>
#include <sys/stat.h>
#include <thread>

namespace parley::store {
namespace {

int note_log_pages(void* to, sqlite3* /*open*/, const char* /*schema*/, int pages) {
  *static_cast<int*>(to) = pages;
  return SQLITE_OK;
}

std::string_view words_for(synchronous how) {
  switch (how) {
    case synchronous::off: return "OFF";
    case synchronous::normal: return "NORMAL";
    case synchronous::full: break;
  }
  return "FULL";
}

/// A log that grew in a burst is cut to this once it is reused.
constexpr int log_bytes_kept = 16 << 20;

}  // namespace

statement::~statement() {
  sqlite3_reset(prepared_);
  sqlite3_clear_bindings(prepared_);
}

statement& statement::bind(int parameter, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(prepared_, parameter, value)) connection_.raise(code);
  return *this;
}

statement& statement::bind(int parameter, std::string_view text) {
  const char* const from = text.empty() ? "" : text.data();  // a null pointer would be NULL
  const int code = sqlite3_bind_text64(prepared_, parameter, from, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) connection_.raise(code);
  return *this;
}

bool statement::step() {
  errno = 0;
  const int code = sqlite3_step(prepared_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.raise(code);
  return false;
}

void statement::run() {
  while (step()) {
  }
}

std::int64_t statement::integer(int column) const { return sqlite3_column_int64(prepared_, column); }

std::string_view statement::text(int column) const {
  const auto* const from = reinterpret_cast<const char*>(sqlite3_column_text(prepared_, column));
  if (from == nullptr) return {};
  return {from, static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column))};
}

void connection::closer::operator()(sqlite3* open) const { sqlite3_close_v2(open); }
void connection::closer::operator()(sqlite3_stmt* prepared) const { sqlite3_finalize(prepared); }

connection::connection(const connection_settings& how, std::string_view doing)
    : file_(how.file), busy_timeout_ms_(how.busy_timeout_ms), doing_(doing) {
  sqlite3* opened = nullptr;
  // NOMUTEX: one thread at a time uses a connection. No CREATE: see prepare_file.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  errno = 0;
  const int code = sqlite3_open_v2(file_.c_str(), &opened, flags, how.vfs.empty() ? nullptr : how.vfs.c_str());
  open_.reset(opened);
  if (code != SQLITE_OK) raise(code);
  busy_timeout(busy_timeout_ms_);
  // SQLite opens what it may not write for reading alone, and finds out at the first write.
  if (sqlite3_db_readonly(opened, "main") == 1) raise(store_error::kind::gone, "it may not be written");
  // Our own hook also takes the place of SQLite's automatic checkpoint, which would delay the commit that triggers it.
  sqlite3_wal_hook(opened, note_log_pages, &log_pages_);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  execute("PRAGMA synchronous=" + std::string(words_for(how.sync)));
  execute("PRAGMA journal_size_limit=" + std::to_string(log_bytes_kept));
  execute("PRAGMA temp_store=MEMORY");  // savepoints need no files elsewhere
}

connection::~connection() = default;

statement connection::prepare(const std::string& sql) {
  auto& kept = statements_[sql];
  if (!kept) kept = compile(sql, SQLITE_PREPARE_PERSISTENT);
  return {*this, kept.get()};
}

std::unique_ptr<sqlite3_stmt, connection::closer> connection::compile(const std::string& sql, unsigned flags) {
  sqlite3_stmt* made = nullptr;
  errno = 0;
  const int code = sqlite3_prepare_v3(open_.get(), sql.c_str(), static_cast<int>(sql.size() + 1), flags, &made, nullptr);
  std::unique_ptr<sqlite3_stmt, closer> prepared(made);
  if (code != SQLITE_OK) raise(code);
  return prepared;
}

void connection::execute(const std::string& sql) {
  const auto prepared = compile(sql, 0);
  statement once(*this, prepared.get());
  once.run();
}

std::int64_t connection::number(const std::string& sql) {
  const auto prepared = compile(sql, 0);
  statement once(*this, prepared.get());
  return once.step() ? once.integer(0) : 0;
}

std::int64_t connection::changes() const { return sqlite3_changes64(open_.get()); }
bool connection::in_transaction() const { return sqlite3_get_autocommit(open_.get()) == 0; }
void connection::busy_timeout(int ms) { sqlite3_busy_timeout(open_.get(), ms); }

void connection::use_wal() {
  const auto is_wal = [this](const std::string& sql) {
    const auto prepared = compile(sql, 0);
    statement once(*this, prepared.get());
    return once.step() && once.text(0) == "wal";
  };
  if (is_wal("PRAGMA journal_mode")) return;
  // SQLite does not always wait for the exclusive lock that this needs: two programs that wait for each other would wait forever.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_timeout_ms_);
  for (;;) {
    try {
      if (is_wal("PRAGMA journal_mode=WAL")) return;
      raise(store_error::kind::gone, "a write-ahead log cannot be kept there");
    } catch (const store_error& error) {
      if (error.why() != store_error::kind::busy || std::chrono::steady_clock::now() >= until) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

bool connection::checkpoint(checkpoint_mode mode) {
  static constexpr int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
  errno = 0;
  const int code = sqlite3_wal_checkpoint_v2(open_.get(), "main", modes[static_cast<int>(mode)], nullptr, nullptr);
  const int primary = code & 0xff;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) return false;
  if (code != SQLITE_OK) raise(code);
  return true;
}

connection::file_identity connection::identity_of(const std::string& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

void connection::remember_files() {
  execute("PRAGMA schema_version");  // the first read makes the log
  log_file_ = sqlite3_filename_wal(sqlite3_db_filename(open_.get(), "main"));
  database_identity_ = identity_of(file_);
  log_identity_ = identity_of(log_file_);
}

bool connection::files_in_place() const {
  return identity_of(file_) == database_identity_ && identity_of(log_file_) == log_identity_;
}

void connection::check_files() {
  if (!files_in_place()) raise(store_error::kind::gone, "the file or its -wal was moved or removed");
}

void connection::raise(int code) {
  // Of the last system call that failed within this one of SQLite's. sqlite3_system_errno knows nothing of a failed COMMIT.
  const int last_errno = errno;
  const int primary = code & 0xff;
  const int system_errno = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN ? last_errno : 0;
  const std::string_view reason = open_ && code != SQLITE_MISUSE ? sqlite3_errmsg(open_.get()) : std::string_view();
  store_error error = make_error(code, system_errno, file_, doing_, reason);
  broken_ = broken_ || error.why() == store_error::kind::gone || error.why() == store_error::kind::corrupt;
  throw error;
}

void connection::raise(store_error::kind kind, std::string_view reason) {
  broken_ = broken_ || kind == store_error::kind::gone || kind == store_error::kind::corrupt;
  throw make_error(kind, file_, doing_, reason);
}

}  // namespace parley::store
