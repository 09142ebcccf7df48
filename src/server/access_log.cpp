#include "server/access_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <system_error>
#include <utility>

namespace parley::server_room {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds busy_wait = 20ms;    // for a pipe's reader, before the other wishes are looked at
constexpr std::chrono::milliseconds retry_wait = 200ms;  // after a failure, such as a full disk
constexpr std::chrono::seconds tell_pause{10};           // between two sentences about lost lines

bool is_regular(int descriptor) {
  struct stat found{};
  return fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
}

std::uint64_t lines_in(std::string_view text) { return static_cast<std::uint64_t>(std::ranges::count(text, '\n')); }

}  // namespace

// --- any thread --------------------------------------------------------------------------------------------------------------

access_log::target access_log::open_target(const std::string& path) {
  target made{path, {}, -1, false};
  if (path.empty()) return made;
  if (path == "-") {
    // Its open file is shared with other programs, so it cannot be made non-blocking.
    made.descriptor = STDOUT_FILENO;
    made.whole = is_regular(STDOUT_FILENO);
    return made;
  }
  constexpr int how = O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  made.owned.reset(::open(path.c_str(), O_WRONLY | how, 0640));
  // A FIFO without a reader (fifo(7)): opened for both, it takes what a pipe holds until one comes.
  if (!made.owned && errno == ENXIO) made.owned.reset(::open(path.c_str(), O_RDWR | how, 0640));
  if (!made.owned) throw std::system_error(errno, std::system_category(), "cannot open the access log " + path);
  made.descriptor = made.owned.get();
  made.whole = true;
  return made;
}

void access_log::open(std::string_view path, log_format format) {
  target to = open_target(std::string(path));
  {
    const std::lock_guard lock(mutex_);
    const bool writes = to.descriptor >= 0;
    changes_.push_back({std::move(to), std::exchange(waiting_, {})});
    reopen_wanted_ = false;
    format_.store(format, std::memory_order_relaxed);
    on_.store(writes, std::memory_order_relaxed);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  wake_.notify_one();
}

void access_log::reopen() {
  {
    const std::lock_guard lock(mutex_);
    reopen_wanted_ = true;
  }
  wake_.notify_one();
}

access_log::~access_log() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void access_log::write(const access_entry& entry) {
  thread_local std::string line;
  line.clear();
  if (format_.load(std::memory_order_relaxed) == log_format::json) {
    append_json(line, entry);
  } else {
    append_combined(line, entry);
  }
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + line.size() > waiting_limit) {
      lost_.fetch_add(1, std::memory_order_relaxed);
      ++untold_;
      return;
    }
    was_empty = waiting_.empty();
    waiting_ += line;
  }
  if (was_empty) wake_.notify_one();
}

// --- the thread --------------------------------------------------------------------------------------------------------------

void access_log::run() {
  // The program's signals are other threads' business; SIGPIPE, of a reader that went away, is nobody's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);

  std::optional<std::chrono::steady_clock::time_point> end;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (written_ == batch_.size()) {
      wake_.wait(lock, [this] { return ending_ || !changes_.empty() || reopen_wanted_ || !waiting_.empty(); });
    } else if (failing_) {
      wake_.wait_for(lock, retry_wait, [this] { return ending_ || !changes_.empty() || reopen_wanted_; });
    }
    const bool ending = ending_;
    if (ending && !end) end = std::chrono::steady_clock::now() + end_time;
    if (written_ == batch_.size()) take_waiting();
    const bool last = ending && batch_.empty() && changes_.empty();
    lock.unlock();
    if (last) return tell_lost();
    const progress how = write_batch();
    note(how);
    // Nobody frees a disk within the last second, but a reader may still read.
    if (ending && (how == progress::failed || std::chrono::steady_clock::now() > *end)) return lose_rest();
    lock.lock();
    if (!changes_.empty() || reopen_wanted_) apply_changes(lock);
  }
}

/// The next batch: lines of the old file first when there will be a new one.
void access_log::take_waiting() {
  batch_.clear();
  written_ = 0;
  if (now_.descriptor < 0 && changes_.empty()) return waiting_.clear();  // it was switched off a moment ago
  batch_.swap(changes_.empty() ? waiting_ : changes_.front().before);
  if (untold_ > 0 && !batch_.empty()) {
    append_lost(batch_, format_.load(std::memory_order_relaxed), std::exchange(untold_, 0), std::chrono::system_clock::now());
  }
}

/// Once all lines of the old file are in it, or it does not take them now: then the new one gets them.
void access_log::apply_changes(std::unique_lock<std::mutex>& lock) {
  const bool stuck = written_ < batch_.size();
  if (!changes_.empty()) {
    change& next = changes_.front();
    if (!stuck && !next.before.empty()) return;  // they come next
    if (stuck) to_line_start();
    batch_ += next.before;
    now_ = std::move(next.to);
    changes_.pop_front();
    if (now_.descriptor >= 0) return;
    lost_.fetch_add(lines_in(std::string_view(batch_).substr(written_)), std::memory_order_relaxed);
    batch_.clear();
    written_ = 0;
    return;
  }
  reopen_wanted_ = false;
  if (!now_.owned) return;  // standard output has no name
  lock.unlock();            // opening may take its time
  try {
    now_ = open_target(now_.path);
    if (stuck) to_line_start();
  } catch (const std::system_error& error) {
    tell_("cannot reopen the access log " + now_.path + ": " + error.code().message() + "; the old one is written on");
  }
  lock.lock();
}

/// A line that was cut is written whole to the next file.
void access_log::to_line_start() {
  const std::size_t before = written_ == 0 ? std::string::npos : batch_.rfind('\n', written_ - 1);
  written_ = before == std::string::npos ? 0 : before + 1;
}

access_log::progress access_log::write_batch() {
  while (written_ < batch_.size()) {
    pollfd ready{now_.descriptor, POLLOUT, 0};
    if (!now_.whole && ::poll(&ready, 1, static_cast<int>(busy_wait.count())) == 0) return progress::busy;
    const std::size_t rest = batch_.size() - written_;
    // A pipe that can be written to takes PIPE_BUF bytes without waiting (pipe(7)).
    const ssize_t n = ::write(now_.descriptor, batch_.data() + written_, now_.whole ? rest : std::min<std::size_t>(rest, PIPE_BUF));
    if (n >= 0) {
      written_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      ::poll(&ready, 1, static_cast<int>(busy_wait.count()));
      return progress::busy;
    } else if (errno != EINTR) {
      return progress::failed;
    }
  }
  return progress::done;
}

/// Says what a person should know: that it fails, that it goes on, and how much was lost.
void access_log::note(progress how) {
  if (how == progress::failed && !std::exchange(failing_, true)) {
    const std::string why = std::system_category().message(errno);
    tell_("the access log " + now_.path + " cannot be written: " + why + "; lines wait, and are lost beyond 4 MiB");
  } else if (how == progress::done) {
    if (std::exchange(failing_, false)) tell_("the access log " + now_.path + " is written again");
    if (std::chrono::steady_clock::now() >= tell_again_) tell_lost();
  }
}

void access_log::tell_lost() {
  const std::uint64_t lost = lost_.load(std::memory_order_relaxed);
  if (lost == told_) return;
  tell_("the access log lost " + std::to_string(lost - told_) + " lines, since it could not be written as fast as they came");
  told_ = lost;
  tell_again_ = std::chrono::steady_clock::now() + tell_pause;
}

void access_log::lose_rest() {
  std::uint64_t lines = lines_in(std::string_view(batch_).substr(written_));
  {
    const std::lock_guard lock(mutex_);
    lines += lines_in(waiting_);
  }
  lost_.fetch_add(lines, std::memory_order_relaxed);
  tell_lost();
}

}  // namespace parley::server_room
