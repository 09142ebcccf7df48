#include "store/ask.hpp"
#include "store/session_text.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_database.hpp"
#include "store/sqlite_schema.hpp"

#include <parley/session.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

// session_store on SQLite. A row is a session; one without data is dead, and stays for `session_store::grace`. Its user is nobody, or the key
// that it lives on under.

namespace parley::store {
namespace {

struct session_queries {
  explicit session_queries(const std::string& table)
      : find("SELECT data,user,created,used,over FROM " + table + " WHERE key=?1"),
        put("INSERT INTO " + table +
            "(key,data,user,created,used,over) VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(key) DO UPDATE SET "
            "data=excluded.data,user=excluded.user,created=excluded.created,used=excluded.used,over=excluded.over"),
        kill("UPDATE " + table + " SET data='',user=?3,over=?2 WHERE key=?1 AND data<>''"),
        moved("SELECT user FROM " + table + " WHERE key=?1 AND data='' AND over>?2"),
        kill_user("UPDATE " + table + " SET data='',user='',over=?2 WHERE user=?1 AND data<>''"),
        sweep("DELETE FROM " + table + " WHERE over<=?1"), count("SELECT count(*) FROM " + table + " WHERE data<>''"),
        rows("SELECT count(*) FROM " + table), make_room("DELETE FROM " + table + " WHERE key IN (SELECT key FROM " + table +
                                                         " WHERE user='' OR data='' ORDER BY over LIMIT ?1)") {}
  const std::string find, put, kill, moved, kill_user, sweep, count, rows, make_room;
};
using shared_session_queries = std::shared_ptr<const session_queries>;

std::int64_t seconds_of(std::chrono::sys_seconds at) { return at.time_since_epoch().count(); }
std::chrono::sys_seconds time_of(std::int64_t seconds) { return std::chrono::sys_seconds(std::chrono::seconds(seconds)); }
std::int64_t grace_from(std::chrono::sys_seconds at) { return seconds_of(at + session_store::grace); }

session_look look_at(connection& on, const session_queries& sql, const session_key& key, std::chrono::sys_seconds now,
                     const session_lifetime& lifetime) {
  const std::string name = text_of_key(key);
  statement row = on.prepare(sql.find);
  row.bind(1, std::string_view(name));
  if (!row.step()) return {};
  if (row.text(0).empty()) {
    return {seconds_of(now) < row.integer(4) ? session_look::state::dead : session_look::state::absent, nullptr};
  }
  auto values = values_of(row.text(0));
  if (!values) on.raise(store_error::kind::corrupt, "a session's row is no session");
  auto record = std::make_shared<session_record>();
  record->values = std::move(*values);
  record->user = std::string(row.text(1));
  record->created = time_of(row.integer(2));
  record->used = time_of(row.integer(3));
  if (lifetime.over(*record, now)) return {};
  return {session_look::state::found, std::move(record)};
}

void put_session(connection& on, const session_queries& sql, const session_key& key, const session_record& r,
                 const session_lifetime& lifetime) {
  const std::string name = text_of_key(key);
  const std::string data = text_of_values(r.values);
  on.prepare(sql.put)
      .bind(1, std::string_view(name))
      .bind(2, std::string_view(data))
      .bind(3, std::string_view(r.user))
      .bind(4, seconds_of(r.created))
      .bind(5, seconds_of(r.used))
      .bind(6, seconds_of(lifetime.end_of(r)))
      .run();
}

// How many rows there may be, and about how many there are: only ever too many, for what others delete and what is done a second time is not
// seen. So it is counted before anything makes room. Writes come one after another, on the writer's thread.
class row_cap {
 public:
  explicit row_cap(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

  void before_new(connection& on, const session_queries& sql, std::chrono::sys_seconds now) {
    if (known_ && rows_ < most_) {
      ++rows_;
      return;
    }
    rows_ = counted(on, sql);
    known_ = true;
    if (rows_ >= most_) make_room(on, sql, now);
    ++rows_;
  }

 private:
  static std::size_t counted(connection& on, const session_queries& sql) {
    statement found = on.prepare(sql.rows);
    return found.step() ? static_cast<std::size_t>(found.integer(0)) : 0;
  }
  void make_room(connection& on, const session_queries& sql, std::chrono::sys_seconds now) {
    on.prepare(sql.sweep).bind(1, seconds_of(now)).run();
    rows_ = counted(on, sql);
    if (rows_ < most_) return;
    // Some at once, since finding the oldest looks at many.
    const std::size_t some = rows_ - most_ + 1 + most_ / 64;
    on.prepare(sql.make_room).bind(1, static_cast<std::int64_t>(some)).run();
    rows_ = counted(on, sql);
    if (rows_ >= most_) on.raise(store_error::kind::full, "there are as many sessions as there may be, all of them of users");
  }

  std::size_t most_;
  std::size_t rows_ = 0;
  bool known_ = false;
};

struct look_work {
  using result = session_look;
  shared_session_queries sql;
  session_key key;
  std::chrono::sys_seconds now;
  session_lifetime lifetime;
  result operator()(connection& on) const { return look_at(on, *sql, key, now, lifetime); }
};

struct change_work {
  using result = session_outcome;
  shared_session_queries sql;
  session_change c;
  std::shared_ptr<row_cap> cap;
  result operator()(connection& on) const {
    if (c.ends_user) on.prepare(sql->kill_user).bind(1, std::string_view(*c.ends_user)).bind(2, grace_from(c.now)).run();
    if (c.ends) {
      end(on);
      return session_outcome::kept;
    }
    session_record before;
    bool begins = c.begins;
    if (!begins) {
      const session_look found = look_at(on, *sql, c.key, c.now, c.lifetime);
      if (found.record != nullptr) {
        before = *found.record;
      } else if (c.moves_to && c.user) {
        begins = true;
      } else {
        return session_outcome::gone;
      }
    }
    session_change made = c;
    made.begins = begins;
    if (c.moves_to) kill(on, text_of_key(c.key), text_of_key(*c.moves_to));
    if (begins || c.moves_to) cap->before_new(on, *sql, c.now);
    put_session(on, *sql, c.moves_to.value_or(c.key), made.apply_to(std::move(before)), c.lifetime);
    return session_outcome::kept;
  }

 private:
  void kill(connection& on, const std::string& name, const std::string& lives_on) const {
    on.prepare(sql->kill).bind(1, std::string_view(name)).bind(2, grace_from(c.now)).bind(3, std::string_view(lives_on)).run();
  }
  // A login or a new id that came between looking the session up and this: it is ended as what it has become.
  void end(connection& on) const {
    std::string name = text_of_key(c.key);
    for (int moves = 0; moves <= session_store::most_moves; ++moves) {
      kill(on, name, {});
      if (on.changes() > 0) return;
      statement row = on.prepare(sql->moved);
      row.bind(1, std::string_view(name)).bind(2, seconds_of(c.now));
      if (!row.step() || row.text(0).empty()) return;
      name = std::string(row.text(0));
    }
  }
};

struct end_user_work {
  using result = std::size_t;
  shared_session_queries sql;
  std::string user;
  result operator()(connection& on) const {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    on.prepare(sql->kill_user).bind(1, std::string_view(user)).bind(2, grace_from(now)).run();
    return static_cast<std::size_t>(on.changes());
  }
};

struct sweep_work {
  using result = std::size_t;
  shared_session_queries sql;
  std::chrono::sys_seconds now;
  result operator()(connection& on) const {
    on.prepare(sql->sweep).bind(1, seconds_of(now)).run();
    return static_cast<std::size_t>(on.changes());
  }
};

struct count_sessions_work {
  using result = std::size_t;
  shared_session_queries sql;
  result operator()(connection& on) const {
    statement found = on.prepare(sql->count);
    return found.step() ? static_cast<std::size_t>(found.integer(0)) : 0;
  }
};

class sqlite_session_store final : public session_store {
 public:
  sqlite_session_store(const database_settings& how, std::size_t most)
      : sql_(std::make_shared<session_queries>(how.table)), cap_(std::make_shared<row_cap>(most)), database_(how) {}

  task<session_look> look(session_key key, std::chrono::sys_seconds now, session_lifetime lifetime) override {
    return ask(database_.reads(), look_work{sql_, key, now, lifetime});
  }
  task<session_outcome> change(session_change c) override {
    const std::size_t bytes = 1024 + c.values.size() * 64;
    return ask(database_.writes(), change_work{sql_, std::move(c), cap_}, bytes);
  }
  task<std::size_t> end_user(std::string user) override {
    if (user.empty()) return ask(database_.reads(), count_nobody{});
    return ask(database_.writes(), end_user_work{sql_, std::move(user)});
  }
  task<std::size_t> sweep(std::chrono::sys_seconds now) override { return ask(database_.writes(), sweep_work{sql_, now}); }
  task<std::size_t> count() override { return ask(database_.reads(), count_sessions_work{sql_}); }

 private:
  struct count_nobody {
    using result = std::size_t;
    result operator()(connection&) const { return 0; }
  };

  shared_session_queries sql_;
  std::shared_ptr<row_cap> cap_;
  database database_;
};

}  // namespace
}  // namespace parley::store

namespace parley {

std::shared_ptr<session_store> sqlite_sessions(const std::string& path, std::string_view name, sqlite_options how,
                                               std::size_t sessions) {
  store::database_settings settings;
  settings.table = store::table_of(name, "sessions_");
  settings.definition = {
      "(key TEXT PRIMARY KEY, data TEXT NOT NULL, user TEXT NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL, "
      "over INTEGER NOT NULL) WITHOUT ROWID",
      {"user", "over"}};
  settings.connection.file = store::absolute_path(path);
  settings.connection.vfs = how.vfs();
  settings.connection.busy_timeout_ms = std::max(how.busy_timeout_ms(), 0);
  settings.queue_jobs = std::max<std::size_t>(how.queue(), 1);
  settings.queue_bytes = how.queue_bytes();
  settings.readers = how.readers();
  return std::make_shared<store::sqlite_session_store>(settings, sessions);
}

}  // namespace parley
