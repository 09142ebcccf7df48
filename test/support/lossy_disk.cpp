#include "support/lossy_disk.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace parley::test {
namespace {

constexpr std::int64_t sector_bytes = 512;

std::vector<char> content_of(const std::string& path) {
  std::vector<char> content(std::filesystem::file_size(path));
  std::ifstream(path, std::ios::binary).read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

bool exists(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0;
}

void must(bool done, const std::string& what) {
  if (!done) throw std::runtime_error("lossy_disk: " + what + ": " + std::strerror(errno));
}

}  // namespace

bool lossy_disk::step() {
  if (dead_) return false;
  ++steps_;
  if (cut_at_ != 0 && steps_ >= cut_at_) cut_power(seed_);
  return !dead_;
}

void lossy_disk::cut_power_at(std::uint64_t step, std::uint64_t seed, std::function<void()> then) {
  cut_at_ = step;
  seed_ = seed;
  then_ = std::move(then);
}

std::shared_ptr<lossy_file> lossy_disk::open(const std::string& path, bool made) {
  auto& file = files_[path];
  if (!file) {
    file = std::make_shared<lossy_file>();
    file->path = path;
    file->image = content_of(path);
    file->name_synced = !made;
  }
  return file;
}

void lossy_disk::write(lossy_file& file, std::int64_t at, const char* bytes, std::size_t count) {
  const auto from = static_cast<std::size_t>(at);
  if (file.image.size() < from + count) file.image.resize(from + count);
  std::copy_n(bytes, count, file.image.begin() + at);
  file.unsynced.push_back({at, std::vector<char>(bytes, bytes + count), false});
}

void lossy_disk::truncate(lossy_file& file, std::int64_t size) {
  file.image.resize(static_cast<std::size_t>(size));
  file.unsynced.push_back({size, {}, true});
}

void lossy_disk::sync_folder() {
  for (auto& [path, file] : files_) file->name_synced = true;
  for (const removed_name& name : removed_) ::unlink(name.aside.c_str());
  removed_.clear();
}

void lossy_disk::copy(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to);
  auto file = std::make_shared<lossy_file>(*files_.at(from));
  file->path = to;
  files_[to] = std::move(file);
}

bool lossy_disk::remove(const std::string& path) {
  if (!exists(path)) return false;
  const auto known = files_.find(path);
  const bool on_disk = known == files_.end() || known->second->name_synced;
  if (known != files_.end()) files_.erase(known);
  if (!on_disk) {
    must(::unlink(path.c_str()) == 0, "remove " + path);
    return true;
  }
  removed_.push_back({path, path + ".removed-" + std::to_string(++removals_)});
  must(::rename(path.c_str(), removed_.back().aside.c_str()) == 0, "set aside " + path);
  return true;
}

void lossy_disk::cut_power(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto which = static_cast<survivors>(random() % 3);
  const auto coin = [&] { return which == survivors::all || (which == survivors::some && random() % 2 == 0); };
  for (const auto& [path, file] : files_) {
    if (!file->name_synced && !coin()) {
      ::unlink(path.c_str());
    } else {
      settle(*file, which, random);
    }
  }
  for (const removed_name& name : removed_) {
    const bool stays_removed = exists(name.path) || coin();  // a new file of that name says so too
    if (stays_removed) {
      ::unlink(name.aside.c_str());
    } else {
      must(::rename(name.aside.c_str(), name.path.c_str()) == 0, "put back " + name.path);
    }
  }
  dead_ = true;
  if (then_) then_();
}

/// Puts what survives of a file's unsynced changes into the real file.
void lossy_disk::settle(const lossy_file& file, survivors which, std::mt19937_64& random) const {
  if (which == survivors::none || file.unsynced.empty()) return;
  const std::size_t all = file.unsynced.size();
  std::map<std::int64_t, std::size_t> version;  // sector -> how many of the changes reached it
  const auto reached = [&](std::int64_t sector, std::size_t change) {
    if (which == survivors::all) return true;
    const auto [found, fresh] = version.try_emplace(sector, 0);
    if (fresh) found->second = random() % (all + 1);
    return change < found->second;
  };
  const int real = ::open(file.path.c_str(), O_RDWR | O_CLOEXEC);
  must(real >= 0, "open " + file.path);
  for (std::size_t i = 0; i < all; ++i) {
    const unsynced_change& change = file.unsynced[i];
    if (change.truncation) {
      if (reached(-1, i)) must(::ftruncate(real, change.at) == 0, "truncate " + file.path);
      continue;
    }
    const auto end = change.at + static_cast<std::int64_t>(change.bytes.size());
    for (std::int64_t at = change.at; at < end;) {
      const std::int64_t next = std::min(end, (at / sector_bytes + 1) * sector_bytes);
      const auto count = static_cast<std::size_t>(next - at);
      if (reached(at / sector_bytes, i)) {
        must(::pwrite(real, change.bytes.data() + (at - change.at), count, at) == static_cast<ssize_t>(count),
             "write " + file.path);
      }
      at = next;
    }
  }
  ::close(real);
}

}  // namespace parley::test
