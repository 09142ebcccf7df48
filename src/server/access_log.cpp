#include "server/access_log.hpp"

#include "semantics/escape.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

namespace parley::server_room {

namespace {

void append_time(std::string& out, std::chrono::system_clock::time_point when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[40];
  out.append(text, std::strftime(text, sizeof text, "%d/%b/%Y:%H:%M:%S %z", &parts));
}

// A quoted piece: controls, quotes and backslashes are escaped, so the line stays one line.
void append_quoted(std::string& out, std::string_view piece) {
  out += '"';
  if (piece.empty()) {
    out += '-';
  } else {
    std::string plain;
    semantics::append_printable(plain, piece);
    for (const char c : plain) {
      if (c == '"') out += '\\';
      out += c;
    }
  }
  out += '"';
}

}  // namespace

void append_combined(std::string& out, const access_entry& entry) {
  // `host:port` without the port, as the format has it.
  std::string_view host = entry.peer.substr(0, entry.peer.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  out += host.empty() ? std::string_view("-") : host;
  out += " - - [";
  append_time(out, entry.time);
  out += "] ";
  std::string line;
  if (!entry.method.empty()) line.append(entry.method).append(" ").append(entry.target).append(" ").append(entry.version);
  append_quoted(out, line);
  out += ' ';
  out += std::to_string(entry.status);
  out += ' ';
  out += std::to_string(entry.bytes);
  out += ' ';
  append_quoted(out, entry.referer);
  out += ' ';
  append_quoted(out, entry.user_agent);
  out += '\n';
}

access_log::access_log(std::string_view path) {
  if (path == "-") {
    descriptor_ = STDOUT_FILENO;
  } else {
    const std::string name(path);
    owned_.reset(::open(name.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    descriptor_ = owned_.get();
    if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "cannot open the access log " + name);
  }
  thread_ = std::thread([this] { run(); });
}

access_log::~access_log() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void access_log::write(const access_entry& entry) {
  std::string line;
  append_combined(line, entry);
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + line.size() > waiting_limit) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      ++untold_;
      return;
    }
    was_empty = waiting_.empty();
    waiting_ += line;
  }
  if (was_empty) wake_.notify_one();
}

void access_log::run() {
  std::string batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    batch.clear();
    batch.swap(waiting_);
    if (untold_ > 0) batch += "# " + std::to_string(untold_) + " lines dropped: the log could not keep up\n";
    untold_ = 0;
    lock.unlock();
    for (std::size_t at = 0; at < batch.size();) {
      const ssize_t n = ::write(descriptor_, batch.data() + at, batch.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;  // a full disk or a closed pipe loses lines, never requests
      at += static_cast<std::size_t>(n);
    }
    lock.lock();
  }
}

}  // namespace parley::server_room
