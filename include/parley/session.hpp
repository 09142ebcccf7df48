// Web sessions: what a server remembers of a visitor, under an id in a cookie.
//
//   app.sessions(parley::memory_sessions());                          // or parley::sqlite_sessions("state.db")
//   app.route("POST /login", [](const parley::request& req) {
//     ...                                                             // who it is
//     req.session().log_in("ada");                                    // a new id; the data stays
//     return parley::redirect("/");
//   });
//   app.route("GET /", [](const parley::request& req) {
//     parley::session& mine = req.session();
//     mine.set("visits", mine.get<int>("visits").value_or(0) + 1);
//     return parley::text("Hello, " + mine.user());
//   });
#pragma once

#include <parley/config.hpp>
#include <parley/path_prefixes.hpp>
#include <parley/request.hpp>
#include <parley/store.hpp>
#include <parley/task.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley {

/// What a session can remember: a text (any bytes), a whole number, another number, yes or no.
using session_value = std::variant<std::string, std::int64_t, double, bool>;
using session_values = std::map<std::string, session_value, std::less<>>;

/// What a store keeps of a session.
struct session_record {
  session_values values;
  std::string user;  // who is logged in; empty: nobody
  std::chrono::sys_seconds created;
  std::chrono::sys_seconds used;  // written anew now and then, not for each request
};

/// A kept session's name: SHA-256 of its id. Ids themselves are kept nowhere.
struct session_key {
  std::array<unsigned char, 32> bytes{};
  bool operator==(const session_key&) const = default;
};

namespace detail {
struct session_access;
}

/// What `request::session` gives. It belongs to its request and lives no longer. A loop's thread only.
///
/// **When it is kept.** What changed is written before the answer's head leaves; an answer with a status of 500 and above keeps nothing but
/// `end`. Behind the head (in the producer of a streamed answer) a session can only be read. Nothing is kept and no cookie is set until
/// something is put in.
///
/// **Two requests of one session at once.** Each sees the session as it was when it began. What they write is merged name by name:
/// for each name that both wrote, who is kept last wins. A session that was ended or renewed meanwhile stays so: what the other request
/// wrote under the old id is dropped, and its answer sets no cookie. A logout that began with the old id ends the session as it
/// lives on under the new one, be it logged in now; a login that is written behind a logout stands.
class PARLEY_API session {
 public:
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// The value of that name as a T: `std::string`, `bool`, or a type of numbers. Nothing when there is none, it is of another kind, or
  /// T cannot hold it. A floating-point T takes whole numbers too.
  template <class T>
  [[nodiscard]] std::optional<T> get(std::string_view name) const {
    const session_value* found = find(name);
    if (found == nullptr) return std::nullopt;
    return as<T>(*found);
  }
  /// Remembers a text, a number or a bool. Throws `std::length_error` beyond what a session may hold (`session_options::bytes`,
  /// `values`), `std::invalid_argument` for an empty name and one of more than 128 bytes, `std::logic_error` once the head is sent.
  template <class T>
  session& set(std::string_view name, T&& value) {
    using plain = std::remove_cvref_t<T>;
    if constexpr (std::same_as<plain, bool>) {
      put(name, session_value(std::in_place_type<bool>, value));
    } else if constexpr (std::integral<plain>) {
      static_assert(sizeof(plain) < 8 || std::signed_integral<plain>, "a session's numbers are std::int64_t");
      put(name, session_value(std::in_place_type<std::int64_t>, static_cast<std::int64_t>(value)));
    } else if constexpr (std::floating_point<plain>) {
      put(name, session_value(std::in_place_type<double>, static_cast<double>(value)));
    } else {
      put(name, session_value(std::in_place_type<std::string>, std::string(std::forward<T>(value))));
    }
    return *this;
  }
  /// Gives the value and forgets it: for a message to be shown once.
  template <class T>
  std::optional<T> take(std::string_view name) {
    std::optional<T> value = get<T>(name);
    if (value) erase(name);
    return value;
  }
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// False when there was none.
  bool erase(std::string_view name);
  /// Forgets all values. Who is logged in stays.
  void clear();
  /// All values, sorted by name.
  [[nodiscard]] session_values values() const;

  /// Who is logged in; empty: nobody.
  [[nodiscard]] const std::string& user() const;
  [[nodiscard]] bool logged_in() const { return !user().empty(); }
  /// From here on it is the session of `user` (1 to 256 bytes; else `std::invalid_argument`), under a new id; what it remembers stays,
  /// unless it was another user's. Its absolute lifetime begins anew. To be called once, when the password was right.
  void log_in(std::string_view user);
  /// A new id: what it remembers stays, the old id is dead. For whenever somebody's rights change.
  void renew();
  /// Ends it (logout): its id is dead, its data gone, the cookie removed. What is set behind it begins another one.
  void end();
  /// Ends it, and all other sessions of its user, wherever they are: when a password changed, say.
  void end_everywhere();

  /// Whether it is kept already: it came with a valid cookie.
  [[nodiscard]] bool existed() const { return base_ != nullptr; }
  /// When it was begun; nothing before it is kept.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> created() const;

  ~session() = default;

 private:
  friend struct detail::session_access;
  struct change {
    std::string name;
    std::optional<session_value> value;  // nothing: erased
  };
  enum class fate : std::uint8_t { stays, renewed, ended };

  session() = default;
  [[nodiscard]] const session_value* find(std::string_view name) const;
  void put(std::string_view name, session_value value);
  void write(std::string_view name, std::optional<session_value> value);
  void may_change() const;
  [[nodiscard]] std::size_t size_with(std::string_view name, const session_value& value) const;

  template <class T>
  static std::optional<T> as(const session_value& v) {
    if constexpr (std::same_as<T, bool>) {
      if (const bool* b = std::get_if<bool>(&v)) return *b;
    } else if constexpr (std::integral<T>) {
      const std::int64_t* n = std::get_if<std::int64_t>(&v);
      if (n != nullptr && std::in_range<T>(*n)) return static_cast<T>(*n);
    } else if constexpr (std::floating_point<T>) {
      if (const double* d = std::get_if<double>(&v)) return static_cast<T>(*d);
      if (const std::int64_t* n = std::get_if<std::int64_t>(&v)) return static_cast<T>(*n);
    } else {
      if (const std::string* s = std::get_if<std::string>(&v)) return T(*s);
    }
    return std::nullopt;
  }

  std::shared_ptr<const session_record> base_;  // as it is kept; null: not at all
  std::vector<change> changes_;                 // each name once
  std::string user_;                            // of `log_in`
  std::size_t most_bytes_ = 0;
  std::size_t most_values_ = 0;
  fate fate_ = fate::stays;
  bool clears_ = false;
  bool logs_in_ = false;
  bool everywhere_ = false;
  bool closed_ = false;  // the head is on its way
  bool dead_ = false;    // under an id that was ended or renewed a moment ago
};

/// How long sessions last.
class PARLEY_API session_lifetime {
 public:
  session_lifetime() = default;
  session_lifetime(std::chrono::seconds idle, std::chrono::seconds absolute) : idle_(idle), absolute_(absolute) {}
  [[nodiscard]] std::chrono::seconds idle() const { return idle_; }
  [[nodiscard]] std::chrono::seconds absolute() const { return absolute_; }
  [[nodiscard]] std::chrono::sys_seconds end_of(const session_record& r) const {
    return std::min(r.used + idle_, r.created + absolute_);
  }
  [[nodiscard]] bool over(const session_record& r, std::chrono::sys_seconds now) const { return now >= end_of(r); }

 private:
  std::chrono::seconds idle_{2 * 60 * 60};
  std::chrono::seconds absolute_{24 * 60 * 60};
};

/// How sessions are kept and named. Chained setters.
class PARLEY_API session_options {
 public:
  /// The cookie's name: `__Host-NAME`, and plain `NAME` in cleartext to this machine (localhost, 127.0.0.0/8, ::1). Default `session`.
  session_options& name(std::string cookie) {
    name_ = std::move(cookie);
    return *this;
  }
  /// A session that is not used so long is over. Default 2 hours.
  session_options& idle(std::chrono::seconds time) {
    idle_ = time;
    return *this;
  }
  /// A session that was begun (or logged in) so long ago is over. Default 24 hours.
  session_options& absolute(std::chrono::seconds time) {
    absolute_ = time;
    return *this;
  }
  /// Whether the cookie outlives the browser: Max-Age is the absolute lifetime then. Default no.
  session_options& persistent(bool on) {
    persistent_ = on;
    return *this;
  }
  /// All that one session may hold, names and values together. Default 16 KiB.
  session_options& bytes(std::size_t most) {
    bytes_ = most;
    return *this;
  }
  /// How many values one session may hold. Default 64.
  session_options& values(std::size_t most) {
    values_ = most;
    return *this;
  }
  /// Plain cookies also in cleartext to other machines, where everybody on the way can read and take them: for trials. Default no:
  /// then the cookie says Secure, which user agents do not take over cleartext, but do take from a proxy that adds TLS.
  session_options& insecure_cleartext(bool on) {
    insecure_cleartext_ = on;
    return *this;
  }
  /// This path and what is below it (see `path_prefixes::match_surely`) needs no session, so that none is looked up for it where the store
  /// has to be waited for: `/static`. May be called several times; throws `std::invalid_argument` for what is no path. `request::session`
  /// throws `std::logic_error` there. Files (`server::files`) need no such word.
  session_options& without(std::string_view path_prefix) {
    without_.add(path_prefix);
    return *this;
  }
  /// What time it is, for tests.
  session_options& clock(std::function<std::chrono::sys_seconds()> now) {
    clock_ = std::move(now);
    return *this;
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] session_lifetime lifetime() const { return {idle_, absolute_}; }
  [[nodiscard]] bool persistent() const { return persistent_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t values() const { return values_; }
  [[nodiscard]] bool insecure_cleartext() const { return insecure_cleartext_; }
  [[nodiscard]] const path_prefixes& without() const { return without_; }
  [[nodiscard]] const std::function<std::chrono::sys_seconds()>& clock() const { return clock_; }

 private:
  std::string name_ = "session";
  std::chrono::seconds idle_ = session_lifetime().idle();
  std::chrono::seconds absolute_ = session_lifetime().absolute();
  bool persistent_ = false;
  bool insecure_cleartext_ = false;
  std::size_t bytes_ = 16 * 1024;
  std::size_t values_ = 64;
  path_prefixes without_;
  std::function<std::chrono::sys_seconds()> clock_;
};

/// What a request did to a session, to be carried out as one step.
class PARLEY_API session_change {
 public:
  session_change() = default;

  /// The record as it is afterwards, for stores; an empty one where it begins.
  [[nodiscard]] session_record apply_to(session_record before) const;

  session_key key;               // the record that is meant; without `begins` it should be there
  std::chrono::sys_seconds now;  // its time of use
  session_lifetime lifetime;
  bool begins = false;                  // there is none yet: make it
  bool ends = false;                    // it is dead, and so is what it lives on as; nothing else counts then
  bool clears = false;                  // its values go, before `values` come
  std::optional<session_key> moves_to;  // it lives on under this key, and `key` is dead
  std::optional<std::string> user;      // who has logged in: `created` becomes `now`. Made anew under `moves_to` when `key` is gone
  std::optional<std::string> ends_user;                                      // all sessions of this user are dead
  std::vector<std::pair<std::string, std::optional<session_value>>> values;  // put, or erased
};

/// What a store says to a key.
struct session_look {
  enum class state : std::uint8_t {
    absent,  // never heard of it, or it is long over
    dead,    // ended or renewed within the last `session_store::grace`
    found,
  };
  state what = state::absent;
  std::shared_ptr<const session_record> record;  // when found
};

enum class session_outcome : std::uint8_t {
  kept,
  gone,  // it was ended or renewed meanwhile, or is over: nothing was changed
};

/// Where sessions are kept. Any thread may use one at once.
///
/// A store that cannot do its work throws `store_error`; then requests that ask for their session are answered 503 with Retry-After, others
/// are served, and after a second it is tried again.
class PARLEY_API session_store {
 public:
  /// How long a key that is dead is told from one that never was, so that requests under way do not begin another session.
  static constexpr std::chrono::seconds grace{30};
  /// How often a session may have got a new id meanwhile and still be ended by a request that began with the first of them.
  static constexpr int most_moves = 8;

  virtual ~session_store();
  /// Whether `look_now` and `change_now` may be called: they answer at once and never block.
  [[nodiscard]] virtual bool at_once() const noexcept { return false; }
  virtual session_look look_now(const session_key& key, std::chrono::sys_seconds now, const session_lifetime& lifetime);
  virtual session_outcome change_now(session_change change);

  virtual task<session_look> look(session_key key, std::chrono::sys_seconds now, session_lifetime lifetime);
  virtual task<session_outcome> change(session_change change);
  /// All sessions of that user are dead; how many there were.
  virtual task<std::size_t> end_user(std::string user) = 0;
  /// Drops what is over; how many. A server calls it every few minutes.
  virtual task<std::size_t> sweep(std::chrono::sys_seconds now) = 0;
  /// How many sessions are kept, those that are over and not swept yet included.
  virtual task<std::size_t> count() = 0;
};

/// In memory, gone when the process ends. At most `sessions` of them, and `bytes` of names and values in all. Where it is full, the session
/// that was not used for longest and that nobody is logged in to makes room; if there is none, `store_error::full`.
[[nodiscard]] PARLEY_API std::shared_ptr<session_store> memory_sessions(std::size_t sessions = 100'000,
                                                                        std::size_t bytes = std::size_t{64} << 20);

/// In the SQLite file `path`, as collection `name`, with what `open_sqlite` says of files, threads and errors. At most `sessions` of them, those
/// that ended within `session_store::grace` included: as with `memory_sessions`, those that nobody is logged in to make room, the ones that end first.
[[nodiscard]] PARLEY_API std::shared_ptr<session_store> sqlite_sessions(const std::string& path, std::string_view name = "sessions",
                                                                        sqlite_options how = {}, std::size_t sessions = 250'000);

}  // namespace parley
