#include "support/lossy_vfs.hpp"

#include "support/lossy_disk.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <sqlite3.h>
#include <utility>

namespace parley::test {
namespace {

/// Our file in SQLite's memory; the system's follows it.
struct handle {
  sqlite3_file base;
  lossy_disk* disk;
  std::shared_ptr<lossy_file>* file;
  bool syncs_folder;  // with its first sync
};

/// What sqlite3_vfs's pAppData points to.
struct vfs_state {
  lossy_disk* disk;
  sqlite3_vfs* below;
};

handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<handle*>(file); }
sqlite3_file* below(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(reinterpret_cast<handle*>(file) + 1); }
vfs_state& state_of(sqlite3_vfs* vfs) { return *static_cast<vfs_state*>(vfs->pAppData); }

int no_power() {
  errno = EIO;
  return SQLITE_IOERR;
}

int close_file(sqlite3_file* file) {
  const handle own = handle_of(file);
  const std::scoped_lock lock(own.disk->mutex);
  const int code = below(file)->pMethods->xClose(below(file));
  delete own.file;
  return code;
}

int read_file(sqlite3_file* file, void* to, int count, sqlite3_int64 at) {
  const handle& own = handle_of(file);
  const std::scoped_lock lock(own.disk->mutex);
  if (own.disk->dead()) return no_power();
  const std::vector<char>& image = (*own.file)->image;
  const auto size = static_cast<sqlite3_int64>(image.size());
  const auto there = static_cast<std::size_t>(std::clamp<sqlite3_int64>(size - at, 0, count));
  if (there != 0) std::memcpy(to, image.data() + at, there);
  std::memset(static_cast<char*>(to) + there, 0, static_cast<std::size_t>(count) - there);
  return there == static_cast<std::size_t>(count) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/// SQLITE_OK when a file may get this large.
int may_write(const lossy_disk& disk, sqlite3_int64 size) {
  errno = disk.write_errno;
  if (disk.write_error != 0) return disk.write_error;
  return disk.most_bytes != 0 && size > disk.most_bytes ? SQLITE_FULL : SQLITE_OK;
}

int write_file(sqlite3_file* file, const void* from, int count, sqlite3_int64 at) {
  const handle& own = handle_of(file);
  const std::scoped_lock lock(own.disk->mutex);
  if (!own.disk->step()) return no_power();
  if (const int code = may_write(*own.disk, at + count)) return code;
  own.disk->write(**own.file, at, static_cast<const char*>(from), static_cast<std::size_t>(count));
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const handle& own = handle_of(file);
  const std::scoped_lock lock(own.disk->mutex);
  if (!own.disk->step()) return no_power();
  const bool grows = size > static_cast<sqlite3_int64>((*own.file)->image.size());
  if (const int code = grows ? may_write(*own.disk, size) : SQLITE_OK) return code;
  own.disk->truncate(**own.file, size);
  return SQLITE_OK;
}

int sync_file(sqlite3_file* file, int /*flags*/) {
  handle& own = handle_of(file);
  const std::scoped_lock lock(own.disk->mutex);
  if (!own.disk->step()) return no_power();
  ++own.disk->syncs;
  if (own.disk->next_sync_fails) {
    own.disk->synced(**own.file);  // the kernel calls the pages clean
    const std::function<void()> then = std::exchange(own.disk->next_sync_fails, nullptr);
    then();
    errno = EIO;
    return SQLITE_IOERR_FSYNC;
  }
  // The real file is not synced: only this process's death is real, and the page cache survives that.
  sqlite3_file* const real = below(file);
  for (const unsynced_change& change : (*own.file)->unsynced) {
    const int code = change.truncation
                         ? real->pMethods->xTruncate(real, change.at)
                         : real->pMethods->xWrite(real, change.bytes.data(), static_cast<int>(change.bytes.size()), change.at);
    if (code != SQLITE_OK) return code;
  }
  own.disk->synced(**own.file);
  if (own.syncs_folder) own.disk->sync_folder();
  own.syncs_folder = false;
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  const handle& own = handle_of(file);
  const std::scoped_lock lock(own.disk->mutex);
  *size = static_cast<sqlite3_int64>((*own.file)->image.size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file* file, int kind) { return below(file)->pMethods->xLock(below(file), kind); }
int unlock_file(sqlite3_file* file, int kind) { return below(file)->pMethods->xUnlock(below(file), kind); }
int is_reserved(sqlite3_file* file, int* answer) { return below(file)->pMethods->xCheckReservedLock(below(file), answer); }
int sector_size(sqlite3_file* file) { return below(file)->pMethods->xSectorSize(below(file)); }
int characteristics(sqlite3_file* file) { return below(file)->pMethods->xDeviceCharacteristics(below(file)); }

int control(sqlite3_file* file, int what, void* argument) {
  // These would change the real file's size behind our back.
  if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
  return below(file)->pMethods->xFileControl(below(file), what, argument);
}

int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** to) {
  return below(file)->pMethods->xShmMap(below(file), page, size, extend, to);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}
void barrier(sqlite3_file* file) { below(file)->pMethods->xShmBarrier(below(file)); }
int unmap_shared(sqlite3_file* file, int remove) { return below(file)->pMethods->xShmUnmap(below(file), remove); }

// Version 2: without xFetch, through which SQLite would see the real file's pages.
const sqlite3_io_methods methods{2,           close_file,  read_file,    write_file, truncate_file, sync_file,       file_size,
                                 lock_file,   unlock_file, is_reserved,  control,    sector_size,   characteristics, map_shared,
                                 lock_shared, barrier,     unmap_shared, nullptr,    nullptr};

int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* flags_out) {
  const vfs_state& state = state_of(vfs);
  file->pMethods = nullptr;
  if (name == nullptr) return SQLITE_CANTOPEN;  // temporary files: the store keeps them in memory
  const std::scoped_lock lock(state.disk->mutex);
  if (state.disk->dead()) return SQLITE_CANTOPEN;
  int existed = 0;
  state.below->xAccess(state.below, name, SQLITE_ACCESS_EXISTS, &existed);
  if (existed == 0 && (flags & SQLITE_OPEN_CREATE) != 0 && !state.disk->step()) return SQLITE_CANTOPEN;
  const int code = state.below->xOpen(state.below, name, below(file), flags, flags_out);
  if (code != SQLITE_OK) return code;
  constexpr int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  auto* const opened = new std::shared_ptr<lossy_file>(state.disk->open(name, existed == 0));
  ::new (static_cast<void*>(file))
      handle{{&methods}, state.disk, opened, (flags & journals) != 0 && (flags & SQLITE_OPEN_CREATE) != 0};
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  const vfs_state& state = state_of(vfs);
  const std::scoped_lock lock(state.disk->mutex);
  if (!state.disk->step()) return no_power();
  if (!state.disk->remove(name)) return SQLITE_IOERR_DELETE_NOENT;
  if (sync_folder != 0) state.disk->sync_folder();
  return SQLITE_OK;
}

}  // namespace

struct lossy_vfs::registration {
  lossy_disk disk;
  vfs_state state;
  sqlite3_vfs vfs;
};

lossy_vfs::lossy_vfs() {
  static std::atomic<int> count{0};
  name_ = "lossy-" + std::to_string(++count);
  registration_ = std::make_unique<registration>();
  sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
  registration_->state = {&registration_->disk, system};
  sqlite3_vfs& vfs = registration_->vfs;
  vfs = *system;  // its other functions look at nothing that we change
  vfs.zName = name_.c_str();
  vfs.pNext = nullptr;
  vfs.pAppData = &registration_->state;
  vfs.szOsFile = static_cast<int>(sizeof(handle)) + system->szOsFile;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  sqlite3_vfs_register(&vfs, 0);
}

lossy_vfs::~lossy_vfs() { sqlite3_vfs_unregister(&registration_->vfs); }

std::uint64_t lossy_vfs::steps() const {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  return disk.steps();
}

std::uint64_t lossy_vfs::syncs() const {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  return disk.syncs;
}

void lossy_vfs::cut_power_at(std::uint64_t step, std::uint64_t seed, std::function<void()> then) {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  disk.cut_power_at(step, seed, std::move(then));
}

void lossy_vfs::cut_power(std::uint64_t seed) {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  if (!disk.dead()) disk.cut_power(seed);
}

void lossy_vfs::fail_writes(int code, int system_errno) {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  disk.write_error = code;
  disk.write_errno = system_errno;
}

void lossy_vfs::fail_next_sync() {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  disk.next_sync_fails = [] {};
}

void lossy_vfs::fail_next_sync(const std::string& file, const std::string& killed_to) {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  disk.next_sync_fails = [&disk, file, killed_to] {
    for (const char* const end : {"", "-wal"}) disk.copy(file + end, killed_to + end);
  };
}

void lossy_vfs::bound_files(std::int64_t bytes) {
  lossy_disk& disk = registration_->disk;
  const std::scoped_lock lock(disk.mutex);
  disk.most_bytes = bytes;
}

}  // namespace parley::test
