// SQLite without our store: to prepare a file, to look into one, or to be the other program that holds a lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley::test {

class plain_sqlite {
 public:
  explicit plain_sqlite(const std::string& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    open_.reset(opened);
    if (code != SQLITE_OK) throw std::runtime_error(file + ": " + sqlite3_errmsg(opened));
    sqlite3_busy_timeout(opened, 5000);
  }

  /// All rows, each as its columns' texts. Throws what goes wrong, a lock included.
  std::vector<std::vector<std::string>> query(const std::string& sql) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(open_.get(), sql.c_str(), -1, &made, nullptr) != SQLITE_OK) fail(sql);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> prepared(made, sqlite3_finalize);
    std::vector<std::vector<std::string>> rows;
    int code = SQLITE_OK;
    while ((code = sqlite3_step(made)) == SQLITE_ROW) {
      auto& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(made); ++i) {
        const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(made, i));
        row.emplace_back(text == nullptr ? "" : text, static_cast<std::size_t>(sqlite3_column_bytes(made, i)));
      }
    }
    if (code != SQLITE_DONE) fail(sql);
    return rows;
  }
  void run(const std::string& sql) { query(sql); }
  /// The first column of the first row.
  std::string value(const std::string& sql) { return query(sql).at(0).at(0); }

  /// The records of a collection.
  std::map<std::int64_t, std::string> records(const std::string& collection) {
    std::map<std::int64_t, std::string> all;
    for (const auto& row : query("SELECT id,document FROM records_" + collection)) all.emplace(std::stoll(row[0]), row[1]);
    return all;
  }

 private:
  [[noreturn]] void fail(const std::string& sql) { throw std::runtime_error(sql + ": " + sqlite3_errmsg(open_.get())); }

  std::unique_ptr<sqlite3, int (*)(sqlite3*)> open_{nullptr, sqlite3_close};
};

}  // namespace parley::test
