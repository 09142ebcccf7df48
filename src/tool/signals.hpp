// The signals of a server that runs until one of them ends it.
#pragma once

#include <chrono>
#include <csignal>

namespace parley {
class server;
}

namespace parley::tool {

/// SIGTERM, SIGINT, SIGHUP and SIGUSR1 wait until they are asked for, from before anybody is told that we are ready: none is lost. Threads
/// that are made meanwhile inherit it.
class held_signals {
 public:
  held_signals();
  ~held_signals();
  held_signals(const held_signals&) = delete;
  held_signals& operator=(const held_signals&) = delete;

  [[nodiscard]] static int wait();
  /// The same for so long; 0 when none came.
  [[nodiscard]] static int wait_for(std::chrono::milliseconds time);
  /// Ends the process by this signal, as if it had not waited.
  [[noreturn]] static void end_by(int signal);

 private:
  sigset_t before_{};
};

/// SIGHUP has two meanings: the terminal that we ran in was closed, which ends a program (unless nohup says not to), or a service
/// is to read its configuration again.
class hangup {
 public:
  hangup();
  [[nodiscard]] bool ends_us() const;

 private:
  bool had_terminal_;
};

/// Drains. A second signal of those that end us does not wait for what runs: connections are closed, which clients of HTTP/3 would not notice
/// by themselves, and the process ends by that signal, also when a handler never returns. SIGUSR1 still reopens the log: its rotation must not
/// kill a drain.
void stop_by_signals(server& app);

}  // namespace parley::tool
