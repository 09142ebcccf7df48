#include "tool/temporary_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

namespace parley::tool {

namespace {

constexpr std::array<int, 3> ending_signals{SIGINT, SIGTERM, SIGHUP};

std::array<char, PATH_MAX> temporary_name{};
volatile std::sig_atomic_t temporary_there = 0;

// Only unlink and raise, which a signal handler may call.
void remove_and_end(int signal) {
  if (temporary_there != 0) ::unlink(temporary_name.data());
  ::raise(signal);  // SA_RESETHAND has brought the default back
}

void watch_signals(bool on) {
  for (const int signal : ending_signals) {
    struct sigaction action{};
    ::sigaction(signal, nullptr, &action);
    // One that is ignored (nohup) stays ignored.
    if (action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = on ? remove_and_end : SIG_DFL;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

int open_temporary(std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  const std::string base = path.substr(0, name) + "." + path.substr(name) + ".parley-" + std::to_string(::getpid());
  if (base.size() + 4 >= temporary_name.size()) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(temporary_name.data(), base.c_str(), base.size() + 1);
  temporary_there = 1;
  watch_signals(true);
  const int descriptor = ::open(base.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    const int error = errno;
    keep_temporary();
    errno = error;
    return -1;
  }
  path = base;
  return descriptor;
}

void keep_temporary() {
  temporary_there = 0;
  watch_signals(false);
}

void discard_temporary(const std::string& temporary) {
  ::unlink(temporary.c_str());
  keep_temporary();
}

}  // namespace parley::tool
