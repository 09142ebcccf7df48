// One connection to a SQLite file, and its statements.
#pragma once

#include <parley/store.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace parley::store {

class connection;

/// A prepared statement in use. Destroying it makes it ready for the next use. Its connection outlives it.
class statement {
 public:
  statement(connection& on, sqlite3_stmt* prepared) : connection_(on), prepared_(prepared) {}
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement();

  /// Parameters count from 1. Texts must live as long as this object.
  statement& bind(int parameter, std::int64_t value);
  statement& bind(int parameter, std::string_view text);
  /// True when there is a row; false at the end.
  bool step();
  /// Runs it to its end.
  void run();
  /// Columns count from 0.
  [[nodiscard]] std::int64_t integer(int column) const;
  /// Valid until the next step.
  [[nodiscard]] std::string_view text(int column) const;

 private:
  connection& connection_;
  sqlite3_stmt* prepared_;
};

/// How durable a commit is. Only `full` keeps the store's promise; the others are there to show that the tests would notice.
enum class synchronous { off, normal, full };

struct connection_settings {
  std::string file;  // absolute
  std::string vfs;   // empty: the system's
  int busy_timeout_ms = 2000;
  synchronous sync = synchronous::full;
};

/// One thread at a time. All that fails throws `store_error`, with the words of `doing` in its message.
class connection {
 public:
  /// Opens a file that exists. `doing` is what the first errors say that cannot be done.
  connection(const connection_settings& how, std::string_view doing);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// What is being done from now on, for messages. A literal.
  void doing(std::string_view what) { doing_ = what; }
  [[nodiscard]] const std::string& file() const { return file_; }
  /// A statement from the connection's cache; `sql` must not be in use already.
  [[nodiscard]] statement prepare(const std::string& sql);
  /// Prepares, runs and forgets.
  void execute(const std::string& sql);
  /// The one number that a query gives.
  [[nodiscard]] std::int64_t number(const std::string& sql);
  /// Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] bool in_transaction() const;
  /// Makes it a WAL database if it is none.
  void use_wal();
  /// Waits for locks no longer than this, as long as it lives.
  class brief_wait {
   public:
    brief_wait(connection& on, int ms) : on_(on) { on_.busy_timeout(ms); }
    ~brief_wait() { on_.busy_timeout(on_.busy_timeout_ms_); }
    brief_wait(const brief_wait&) = delete;
    brief_wait& operator=(const brief_wait&) = delete;

   private:
    connection& on_;
  };

  enum class checkpoint_mode { passive, restart, truncate };
  /// Moves what the log holds into the file. False when a lock was in the way.
  bool checkpoint(checkpoint_mode mode);
  /// Pages in the log after the last commit of this connection.
  [[nodiscard]] int log_pages() const { return log_pages_; }

  /// Remembers which files these are.
  void remember_files();
  /// False when another file, or none, is now in the place of the database or of its log: SQLite itself would go on with files
  /// that nobody will find again. Any thread.
  [[nodiscard]] bool files_in_place() const;
  /// Throws `gone` then.
  void check_files();

  /// True after an error that a new connection may cure: gone, corrupt.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Throws what `code` means.
  [[noreturn]] void raise(int code);
  [[noreturn]] void raise(store_error::kind kind, std::string_view reason);

 private:
  struct file_identity {
    dev_t device = 0;
    ino_t number = 0;
    bool operator==(const file_identity&) const = default;
  };
  struct closer {
    void operator()(sqlite3* open) const;
    void operator()(sqlite3_stmt* prepared) const;
  };

  void busy_timeout(int ms);
  [[nodiscard]] std::unique_ptr<sqlite3_stmt, closer> compile(const std::string& sql, unsigned flags);
  [[nodiscard]] static file_identity identity_of(const std::string& file);

  const std::string file_;
  const int busy_timeout_ms_;
  std::string_view doing_;
  std::unique_ptr<sqlite3, closer> open_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, closer>> statements_;
  int log_pages_ = 0;
  std::string log_file_;
  file_identity database_identity_;
  file_identity log_identity_;
  bool broken_ = false;
};

}  // namespace parley::store
