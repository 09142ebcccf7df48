// Records in a database, behind one small interface. The default is SQLite, embedded and durable.
#pragma once

#include <parley/config.hpp>
#include <parley/task.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

/// A database that could not do its work. A server that lets it escape from a handler answers 503 (with Retry-After), or 507
/// when full. The message names the file, what was tried and the way out. It passes by itself: once the cause is gone (the lock
/// released, room on the disk, the file back in its place) the same store works again.
class PARLEY_API store_error : public std::runtime_error {
 public:
  enum class kind {
    busy,     // locked by another program, or too much is waiting
    full,     // no space
    gone,     // not there, not readable, not writable; or the store is closed
    corrupt,  // not a database, not one of this version, or damaged
  };
  store_error(kind why, const std::string& message) : std::runtime_error(message), kind_(why) {}
  [[nodiscard]] kind why() const { return kind_; }

 private:
  kind kind_;
};

/// A record: a number and a document, such as JSON text.
struct record {
  std::int64_t id = 0;
  std::string document;
};

/// A collection of records under numeric ids. A document is any string of bytes.
///
/// **Threads.** Any loop on any thread may use one store at once. The work is done on the store's own threads, and the task goes
/// on where it waited. What a task says is done is on the disk, and every read that begins afterwards, on any thread, sees it.
///
/// **Cancellation.** A cancelled task gives up its await within one turn of the loop. A write that nobody had begun then is
/// dropped; one that was begun may still happen. The functions given to `insert` and `modify` are neither running nor run later
/// once the await has ended, so they may refer to what lives in the awaiting coroutine.
///
/// **Failure.** A write that throws changed nothing, with one exception: after `gone` the disk itself failed under the
/// transaction, and the change may turn out to be there.
///
/// **Life.** Destroying the store blocks until the writes that wait are done and its threads have ended; their tasks complete. A
/// task that begins later throws `store_error::gone`. Do not destroy it in one of the functions below.
class PARLEY_API record_store {
 public:
  enum class outcome { created, updated };
  /// Given the present document, gives the new one; nothing leaves it. May throw: then nothing is changed and the exception comes
  /// out of the await. It runs on the writer's thread within the transaction, where all other writes wait for it: it must be
  /// short, wait for nothing, and not use a store. It may run more than once when the disk is full.
  using update = std::function<std::optional<std::string>(const std::string&)>;
  /// Given the present document, or nothing where there is no record, gives the one that is to be there; nothing: none is. The rules of
  /// `update` hold.
  using exchanger = std::function<std::optional<std::string>(const std::optional<std::string>&)>;
  /// Writes the document for a new id. The rules of `update` hold.
  using maker = std::function<std::string(std::int64_t)>;
  struct page {
    std::vector<record> records;  // in the order of ids
    bool more = false;
  };
  /// Ids go from 1 up to this for `put`; `insert` counts on above it, so that no `put` can use up the ids that it gives.
  static constexpr std::int64_t highest_put_id = std::int64_t{1} << 62;

  virtual ~record_store() = default;
  virtual task<std::optional<record>> get(std::int64_t id) = 0;
  /// Throws `std::invalid_argument` (at once) when the id is not in 1 … `highest_put_id`.
  virtual task<outcome> put(std::int64_t id, std::string document) = 0;
  /// Gives the record a new id, above all that the collection ever had (those of removed records too). `make` writes the document
  /// for that id. An id whose write failed may be given again.
  virtual task<std::int64_t> insert(maker make) = 0;
  /// Reads, changes and writes as one step, and gives the document as it is now; nothing when there is no such record.
  virtual task<std::optional<std::string>> modify(std::int64_t id, update change) = 0;
  /// Looks at a record, there or not, and makes, changes or removes it as one step: for what must not happen when somebody else was faster
  /// (If-Match, If-None-Match). Gives the document that was there before. Throws `std::invalid_argument` (at once) as `put`.
  virtual task<std::optional<std::string>> exchange(std::int64_t id, exchanger change) = 0;
  /// False when there was no such record.
  virtual task<bool> remove(std::int64_t id) = 0;
  /// Up to `limit` records with ids above `after`; fewer, though at least one, once their documents fill 8 MiB. Start with 0, go
  /// on after the last id while there are `more`. Its cost depends on the page, not on where in the collection it lies.
  virtual task<page> list(std::int64_t after, std::size_t limit) = 0;
  /// Walks the whole collection: not for every request.
  virtual task<std::uint64_t> count() = 0;
};

/// How a SQLite store is kept. Chained setters.
class PARLEY_API sqlite_options {
 public:
  /// How long the database waits for a lock that another program holds. Default 2 s.
  sqlite_options& busy_timeout_ms(int ms) {
    busy_timeout_ms_ = ms;
    return *this;
  }
  /// Writes that may wait for the writer at once; above it `store_error::busy`. Reads have a queue of the same size. Default 4096.
  sqlite_options& queue(std::size_t writes) {
    queue_ = writes;
    return *this;
  }
  /// Bytes of documents that may wait for the writer at once; above it `store_error::busy`. Default 64 MiB.
  sqlite_options& queue_bytes(std::size_t bytes) {
    queue_bytes_ = bytes;
    return *this;
  }
  /// Threads that read, each with a connection of its own. Default 2, at least 1.
  sqlite_options& readers(std::size_t threads) {
    readers_ = threads;
    return *this;
  }
  /// The name of a SQLite VFS, for tests. Default: the system's.
  sqlite_options& vfs(std::string name) {
    vfs_ = std::move(name);
    return *this;
  }
  [[nodiscard]] int busy_timeout_ms() const { return busy_timeout_ms_; }
  [[nodiscard]] std::size_t queue() const { return queue_; }
  [[nodiscard]] std::size_t queue_bytes() const { return queue_bytes_; }
  [[nodiscard]] std::size_t readers() const { return readers_; }
  [[nodiscard]] const std::string& vfs() const { return vfs_; }

 private:
  int busy_timeout_ms_ = 2000;
  std::size_t queue_ = 4096;
  std::size_t queue_bytes_ = std::size_t{64} << 20;
  std::size_t readers_ = 2;
  std::string vfs_;
};

/// Opens (or makes) collection `name` in the SQLite file `path`, and blocks meanwhile. Missing folders are made with mode 0700,
/// the file with 0600. One writer thread with group commit; WAL; `synchronous=FULL`. Several programs may use one file, on one
/// machine (WAL needs shared memory, so no network file system). A file that disappears later is not made anew.
/// `name`: 1 to 64 letters, digits and `_`, whose case does not count; else `std::invalid_argument`.
/// Throws `store_error`, naming the file and the reason; `corrupt` for a file that is no database or of a newer version.
[[nodiscard]] PARLEY_API std::shared_ptr<record_store> open_sqlite(const std::string& path, std::string_view name,
                                                                   sqlite_options how = {});

}  // namespace parley
