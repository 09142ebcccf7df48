// Keeps SIGPIPE from killing the process.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <time.h>

namespace parley::net {

/// While it lives, SIGPIPE is held back on this thread. `sendmsg` has MSG_NOSIGNAL; `sendfile` has nothing of the kind, and the
/// disposition of a signal is the program's business, not a library's. The signal is sent to the thread that writes, so one that
/// came is taken back before the mask is restored.
class sigpipe_blocked {
 public:
  sigpipe_blocked() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~sigpipe_blocked() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec at_once{};
    while (sigtimedwait(&sigpipe_, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  sigpipe_blocked(const sigpipe_blocked&) = delete;
  sigpipe_blocked& operator=(const sigpipe_blocked&) = delete;

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
};

}  // namespace parley::net
