// Small files in memory, a cache a loop: no locks, and no file is believed for longer than a second.
#pragma once

#include "base/hash.hpp"
#include "net/loop.hpp"
#include "server/served_file.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::server_room {

/// A folder that is served. Never changed once it is made; any thread.
struct file_folder {
  /// Throws `std::system_error`.
  file_folder(const std::string& path, file_choices how);
  /// The same folder with other choices.
  file_folder(const file_folder& other, file_choices how);

  /// The folder that has this path now: `serve current` follows the link `current` to the next release. Nothing: there is none.
  [[nodiscard]] std::shared_ptr<const opened_file> open_now() const;

  std::uint64_t id;  // of this object alone
  std::string path;  // absolute
  file_choices choices;
  std::shared_ptr<const opened_file> at_start;  // for a server that may not open its path any more
};

class file_cache {
 public:
  /// What is kept is believed this long; then a look at the file decides.
  static constexpr std::chrono::seconds recheck_after{1};

  /// Keeps at most `bytes` of files and what belongs to them, and `entries` files. 0 keeps none.
  file_cache(net::loop& on, std::size_t bytes, std::size_t entries);
  ~file_cache();
  file_cache(const file_cache&) = delete;
  file_cache& operator=(const file_cache&) = delete;

  /// The loop's that runs on this thread; null outside.
  [[nodiscard]] static file_cache* current();
  void make_current();

  struct entry {
    std::shared_ptr<const served_file> file;
    net::time_point checked;
  };
  /// Null when it is not kept. Valid until the next call that is not `fresh`.
  [[nodiscard]] entry* find(std::uint64_t folder, std::string_view path);
  [[nodiscard]] bool fresh(const entry& e) const { return loop_.now() - e.checked < recheck_after; }
  void confirm(entry& e) { e.checked = loop_.now(); }
  /// Keeps a file that was read after `now` was `checked`.
  void put(std::uint64_t folder, std::string_view path, std::shared_ptr<const served_file> file, net::time_point checked);
  void drop(std::uint64_t folder, std::string_view path);

  /// The folder's root, without waiting. Nothing: it has to be opened on the pool, and `root` be told.
  [[nodiscard]] std::optional<std::shared_ptr<const opened_file>> root_now(const file_folder& of);
  void root(std::uint64_t folder, std::shared_ptr<const opened_file> opened, net::time_point checked);

  [[nodiscard]] net::time_point now() const { return loop_.now(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  struct folder_slot;
  struct kept;
  using file_map = std::unordered_map<std::string, kept, base::text_hash, std::equal_to<>>;
  struct place {
    folder_slot* folder;
    const std::string* path;
    kept* file;
  };
  struct kept {
    entry now;
    std::list<place>::iterator order;
    std::size_t cost = 0;
  };
  struct folder_slot {
    std::uint64_t id;
    file_map files;
    std::shared_ptr<const opened_file> root;
    std::optional<net::time_point> root_checked;
  };

  folder_slot& slot(std::uint64_t folder);
  void erase(folder_slot& from, file_map::iterator at);

  net::loop& loop_;
  const std::size_t most_bytes_;
  const std::size_t most_entries_;
  std::vector<std::unique_ptr<folder_slot>> folders_;  // a handful
  std::list<place> order_;                             // the last used first
  std::size_t bytes_ = 0;
};

}  // namespace parley::server_room
