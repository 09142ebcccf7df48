#include "tool/output.hpp"

#include "tool/exit_code.hpp"
#include "tool/temporary_file.hpp"
#include "tool/terminal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

namespace parley::tool {

namespace {

/// Links followed, so that the file behind one is replaced and not the link.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
  return resolved == nullptr ? path : resolved.get();
}

/// By the signal that ends whoever writes to a pipe that nobody reads any more (`parley get ... | head`). The library keeps it
/// away from its own writes, so it was not delivered.
void end_as_filters_do() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t pipe{};
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
  std::raise(SIGPIPE);
}

}  // namespace

bool is_displayable(std::string_view piece) {
  return std::ranges::none_of(piece, [](unsigned char c) {
    const bool space = c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
    return (c < 0x20 && !space) || c == 0x7F;
  });
}

output::output(std::optional<std::string> path) {
  asked_for_ = path == "-";
  if (path && !asked_for_) path_ = *std::move(path);
  to_terminal_ = path_.empty() && is_terminal(STDOUT_FILENO);
}

output::~output() {
  if (!temporary_.empty()) discard_temporary(temporary_);
  if (descriptor_ >= 0 && !path_.empty()) ::close(descriptor_);
}

void output::refuse_file(int error) const {
  throw refusal(exit_local,
                "cannot write " + (path_.empty() ? std::string("to standard output") : path_) + ": " + std::strerror(error));
}

void output::begin() {
  if (path_.empty()) {
    descriptor_ = STDOUT_FILENO;
  } else if (descriptor_ < 0) {
    open_file();
  }
}

void output::open_file() {
  struct stat there{};
  if (::stat(path_.c_str(), &there) == 0) {
    if (S_ISDIR(there.st_mode)) refuse_file(EISDIR);
    if (!S_ISREG(there.st_mode)) {
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
      if (descriptor_ < 0) refuse_file(errno);
      return;
    }
    // Replacing a file needs no leave of the file itself, only of its folder; one that is read-only stays.
    if (::access(path_.c_str(), W_OK) != 0) refuse_file(errno);
    path_ = real_path(path_);
    replaced_mode_ = there.st_mode & 07777;
  }
  temporary_ = path_;
  descriptor_ = open_temporary(temporary_);
  if (descriptor_ < 0) {
    temporary_.clear();
    refuse_file(errno);
  }
  if (replaced_mode_) static_cast<void>(::fchmod(descriptor_, *replaced_mode_));
}

void output::write(std::string_view piece) {
  if (to_terminal_ && !asked_for_ && !is_displayable(piece)) {
    if (in_line_) write_all(descriptor_, "\n");
    throw refusal(exit_local, std::string(written_ == 0 ? "the content" : "the rest of the content") +
                                  " is binary and was kept from the terminal; save it with -o FILE, or force it with -o -");
  }
  if (!write_all(descriptor_, piece)) {
    const int error = errno;
    if (error == EPIPE) end_as_filters_do();
    refuse_file(error);
  }
  written_ += piece.size();
  if (!piece.empty()) in_line_ = piece.back() != '\n';
}

void output::commit() {
  if (to_terminal_ && in_line_) write_all(descriptor_, "\n");
  if (temporary_.empty()) return;
  if (::close(std::exchange(descriptor_, -1)) != 0) refuse_file(errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) refuse_file(errno);
  keep_temporary();
  temporary_.clear();
}

}  // namespace parley::tool
