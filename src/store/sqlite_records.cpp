// record_store on SQLite: what each call asks of a connection, and the tasks that wait for it.
#include "store/sqlite_records.hpp"
#include "store/ask.hpp"
#include "store/job.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_schema.hpp"

#include <parley/store.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace parley::store {
namespace {

/// A page ends when its documents fill this.
constexpr std::size_t page_bytes = std::size_t{8} << 20;

/// The texts of the statements: the keys of each connection's cache.
struct queries {
  explicit queries(const std::string& table)
      : get("SELECT document FROM " + table + " WHERE id=?1"), update("UPDATE " + table + " SET document=?2 WHERE id=?1"),
        insert("INSERT INTO " + table + "(id,document) VALUES(?1,?2)"), remove("DELETE FROM " + table + " WHERE id=?1"),
        highest("SELECT max(ifnull((SELECT seq FROM sqlite_sequence WHERE name='" + table + "'),0),ifnull((SELECT max(id) FROM " +
                table + "),0))"),
        list("SELECT id,document FROM " + table + " WHERE id>?1 ORDER BY id LIMIT ?2"), count("SELECT count(*) FROM " + table) {}
  const std::string get, update, insert, remove, highest, list, count;
};
using shared_queries = std::shared_ptr<const queries>;

std::optional<std::string> document_of(connection& on, const queries& sql, std::int64_t id) {
  statement found = on.prepare(sql.get);
  found.bind(1, id);
  if (!found.step()) return std::nullopt;
  return std::string(found.text(0));
}

bool set_document(connection& on, const std::string& sql, std::int64_t id, const std::string& document) {
  on.prepare(sql).bind(1, id).bind(2, std::string_view(document)).run();
  return on.changes() != 0;
}

struct get_work {
  using result = std::optional<record>;
  shared_queries sql;
  std::int64_t id;
  result operator()(connection& on) const {
    auto document = document_of(on, *sql, id);
    if (!document) return std::nullopt;
    return record{id, std::move(*document)};
  }
};

struct put_work {
  using result = record_store::outcome;
  shared_queries sql;
  std::int64_t id;
  std::string document;
  result operator()(connection& on) const {
    if (set_document(on, sql->update, id, document)) return record_store::outcome::updated;
    set_document(on, sql->insert, id, document);
    return record_store::outcome::created;
  }
};

struct insert_work {
  using result = std::int64_t;
  shared_queries sql;
  lent<record_store::maker> make;
  result operator()(connection& on) {
    const std::int64_t highest = highest_id(on);
    if (highest == std::numeric_limits<std::int64_t>::max()) on.raise(store_error::kind::full, "no id is left");
    const std::int64_t id = highest + 1;
    set_document(on, sql->insert, id, make(id));
    return id;
  }
  void take_back() noexcept { make.take_back(); }

 private:
  std::int64_t highest_id(connection& on) const {
    statement found = on.prepare(sql->highest);
    return found.step() ? found.integer(0) : 0;
  }
};

struct modify_work {
  using result = std::optional<std::string>;
  shared_queries sql;
  std::int64_t id;
  lent<record_store::update> change;
  result operator()(connection& on) {
    auto present = document_of(on, *sql, id);
    if (!present) return std::nullopt;
    auto changed = change(*present);
    if (!changed) return present;
    set_document(on, sql->update, id, *changed);
    return changed;
  }
  void take_back() noexcept { change.take_back(); }
};

struct exchange_work {
  using result = std::optional<std::string>;
  shared_queries sql;
  std::int64_t id;
  lent<record_store::exchanger> change;
  result operator()(connection& on) {
    auto present = document_of(on, *sql, id);
    const auto changed = change(present);
    if (changed) {
      set_document(on, present ? sql->update : sql->insert, id, *changed);
    } else if (present) {
      on.prepare(sql->remove).bind(1, id).run();
    }
    return present;
  }
  void take_back() noexcept { change.take_back(); }
};

struct remove_work {
  using result = bool;
  shared_queries sql;
  std::int64_t id;
  result operator()(connection& on) const {
    on.prepare(sql->remove).bind(1, id).run();
    return on.changes() != 0;
  }
};

struct list_work {
  using result = record_store::page;
  shared_queries sql;
  std::int64_t after;
  std::size_t limit;
  result operator()(connection& on) const {
    constexpr std::size_t most = std::size_t{1} << 31;
    result page;
    std::size_t bytes = 0;
    statement found = on.prepare(sql->list);
    found.bind(1, after).bind(2, static_cast<std::int64_t>(std::min(limit, most)) + 1);
    while (found.step()) {
      if (page.records.size() == limit || bytes >= page_bytes) {
        page.more = true;
        break;
      }
      page.records.push_back({found.integer(0), std::string(found.text(1))});
      bytes += page.records.back().document.size();
    }
    return page;
  }
};

struct count_work {
  using result = std::uint64_t;
  shared_queries sql;
  result operator()(connection& on) const {
    statement found = on.prepare(sql->count);
    return found.step() ? static_cast<std::uint64_t>(found.integer(0)) : 0;
  }
};

class sqlite_records final : public record_store {
 public:
  explicit sqlite_records(const database_settings& how) : sql_(std::make_shared<queries>(how.table)), database_(how) {}

  task<std::optional<record>> get(std::int64_t id) override { return ask(database_.reads(), get_work{sql_, id}); }

  task<outcome> put(std::int64_t id, std::string document) override {
    check_id("put", id);
    const std::size_t bytes = document.size();
    return ask(database_.writes(), put_work{sql_, id, std::move(document)}, bytes);
  }

  task<std::int64_t> insert(maker make) override {
    if (!make) throw std::invalid_argument("parley::record_store::insert: the function is empty");
    return ask(database_.writes(), insert_work{sql_, lent(std::move(make))});
  }

  task<std::optional<std::string>> modify(std::int64_t id, update change) override {
    if (!change) throw std::invalid_argument("parley::record_store::modify: the function is empty");
    return ask(database_.writes(), modify_work{sql_, id, lent(std::move(change))});
  }

  task<std::optional<std::string>> exchange(std::int64_t id, exchanger change) override {
    check_id("exchange", id);
    if (!change) throw std::invalid_argument("parley::record_store::exchange: the function is empty");
    return ask(database_.writes(), exchange_work{sql_, id, lent(std::move(change))});
  }

  task<bool> remove(std::int64_t id) override { return ask(database_.writes(), remove_work{sql_, id}); }

  task<page> list(std::int64_t after, std::size_t limit) override { return ask(database_.reads(), list_work{sql_, after, limit}); }

  task<std::uint64_t> count() override { return ask(database_.reads(), count_work{sql_}); }

 private:
  static void check_id(const char* call, std::int64_t id) {
    if (id >= 1 && id <= highest_put_id) return;
    throw std::invalid_argument("parley::record_store::" + std::string(call) + ": " + std::to_string(id) +
                                " is no id; use 1 to 2^62");
  }

  shared_queries sql_;
  database database_;
};

}  // namespace

std::shared_ptr<record_store> open_records(const database_settings& how) { return std::make_shared<sqlite_records>(how); }

}  // namespace parley::store

namespace parley {

std::shared_ptr<record_store> open_sqlite(const std::string& path, std::string_view name, sqlite_options how) {
  store::database_settings settings;
  settings.table = store::table_of(name);
  settings.connection.file = store::absolute_path(path);
  settings.connection.vfs = how.vfs();
  settings.connection.busy_timeout_ms = std::max(how.busy_timeout_ms(), 0);
  settings.queue_jobs = std::max<std::size_t>(how.queue(), 1);
  settings.queue_bytes = how.queue_bytes();
  settings.readers = how.readers();
  return store::open_records(settings);
}

}  // namespace parley
