#include "server/file_cache.hpp"

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace parley::server_room {

namespace {

thread_local file_cache* this_loops_cache = nullptr;

// The field lines and their keepers, besides the bytes and the names.
constexpr std::size_t entry_overhead = 2048;

std::uint64_t next_folder_id() {
  static std::atomic<std::uint64_t> ids{0};
  return ids.fetch_add(1, std::memory_order_relaxed) + 1;
}

bool is_gone(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

}  // namespace

// --- the folder --------------------------------------------------------------------------------------------------------------

file_folder::file_folder(const std::string& named, file_choices how)
    : id(next_folder_id()), path(std::filesystem::absolute(named).string()), choices(std::move(how)) {
  opened_file opened = open_root(named);
  if (!opened.is_folder) throw std::system_error(opened.error, std::generic_category(), named);
  at_start = std::make_shared<opened_file>(std::move(opened));
}

file_folder::file_folder(const file_folder& other, file_choices how)
    : id(next_folder_id()), path(other.path), choices(std::move(how)), at_start(other.at_start) {}

std::shared_ptr<const opened_file> file_folder::open_now() const {
  opened_file opened = open_root(path);
  if (opened.is_folder) return std::make_shared<opened_file>(std::move(opened));
  return is_gone(opened.error) ? nullptr : at_start;
}

// --- the cache ---------------------------------------------------------------------------------------------------------------

file_cache::file_cache(net::loop& on, std::size_t bytes, std::size_t entries)
    : loop_(on), most_bytes_(bytes), most_entries_(entries) {}

file_cache::~file_cache() {
  if (this_loops_cache == this) this_loops_cache = nullptr;
}

file_cache* file_cache::current() { return this_loops_cache; }
void file_cache::make_current() { this_loops_cache = this; }

file_cache::folder_slot& file_cache::slot(std::uint64_t folder) {
  for (const auto& s : folders_) {
    if (s->id == folder) return *s;
  }
  return *folders_.emplace_back(std::make_unique<folder_slot>(folder_slot{folder, {}, nullptr, std::nullopt}));
}

file_cache::entry* file_cache::find(std::uint64_t folder, std::string_view path) {
  // The one that was asked for last costs no look at the table.
  if (!order_.empty() && order_.front().folder->id == folder && *order_.front().path == path) return &order_.front().file->now;
  folder_slot& in = slot(folder);
  const auto at = in.files.find(path);
  if (at == in.files.end()) return nullptr;
  if (at->second.order != order_.begin()) order_.splice(order_.begin(), order_, at->second.order);
  return &at->second.now;
}

void file_cache::put(std::uint64_t folder, std::string_view path, std::shared_ptr<const served_file> file,
                     net::time_point checked) {
  folder_slot& in = slot(folder);
  if (const auto before = in.files.find(path); before != in.files.end()) erase(in, before);
  const std::size_t cost = file->bytes.size() + path.size() + entry_overhead;
  if (cost > most_bytes_ || most_entries_ == 0) return;
  while (bytes_ + cost > most_bytes_ || order_.size() >= most_entries_) {
    const place last = order_.back();
    erase(*last.folder, last.folder->files.find(*last.path));
  }
  const auto at = in.files.emplace(std::string(path), kept{{std::move(file), checked}, {}, cost}).first;
  order_.push_front({&in, &at->first, &at->second});
  at->second.order = order_.begin();
  bytes_ += cost;
}

void file_cache::drop(std::uint64_t folder, std::string_view path) {
  folder_slot& in = slot(folder);
  if (const auto at = in.files.find(path); at != in.files.end()) erase(in, at);
}

void file_cache::erase(folder_slot& from, file_map::iterator at) {
  bytes_ -= at->second.cost;
  order_.erase(at->second.order);
  from.files.erase(at);
}

std::optional<std::shared_ptr<const opened_file>> file_cache::root_now(const file_folder& of) {
  folder_slot& in = slot(of.id);
  if (in.root_checked && loop_.now() - *in.root_checked < recheck_after) return in.root;
  opened_file opened = open_root(of.path, reach::memory);
  if (opened.error == EAGAIN) return std::nullopt;
  const net::time_point now = loop_.now();
  if (!opened.is_folder) {
    root(of.id, is_gone(opened.error) ? nullptr : of.at_start, now);
  } else {
    root(of.id, std::make_shared<opened_file>(std::move(opened)), now);
  }
  return in.root;
}

void file_cache::root(std::uint64_t folder, std::shared_ptr<const opened_file> opened, net::time_point checked) {
  folder_slot& in = slot(folder);
  in.root = std::move(opened);
  in.root_checked = checked;
}

}  // namespace parley::server_room
