#include "tool/serving.hpp"

#include "tool/exit_code.hpp"
#include "tool/log.hpp"
#include "tool/terminal.hpp"
#include "trace/live.hpp"
#include "trace/timeline.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>

namespace parley::tool {

namespace {

constexpr std::chrono::seconds drain_time{10};

/// SIGTERM and SIGINT wait until they are asked for, from before anybody is told that we are ready: none is lost. Threads that
/// are made meanwhile inherit it.
class held_signals {
 public:
  held_signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~held_signals() { release(); }
  held_signals(const held_signals&) = delete;
  held_signals& operator=(const held_signals&) = delete;

  int wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }
  void release() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

void check_log_file(const std::string& path) {
  if (path.empty() || path == "-") return;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) throw refusal(exit_local, "cannot write the access log " + path + ": " + std::strerror(errno));
  ::close(descriptor);
}

/// What a `listen_error` says, and the way out in this command's words.
std::string listen_sentence(std::string text) {
  constexpr std::string_view prefix = "parley: ";
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  return text.find("--http") != std::string::npos ? text : text + "; choose another with --http ADDR:PORT";
}

void announce(const server& app) {
  for (const std::string& url : app.addresses()) {
    const std::size_t colon = url.find("://");
    write_all(STDERR_FILENO, "listening " + url.substr(0, colon) + " " + url.substr(colon + 3) + "\n");
  }
  write_all(STDERR_FILENO, "ready\n");
}

std::unique_ptr<trace::live> make_view(bool wanted) {
  if (!wanted) return nullptr;
  const trace::look how = look_of(STDERR_FILENO, false);
  return std::make_unique<trace::live>([how](const trace::exchange& x) { write_all(STDERR_FILENO, trace::server_lines(x, how)); });
}

}  // namespace

void make_data_folder(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error)
    throw refusal(exit_local, "cannot make the data folder " + path + ": " + error.message() + "; choose another with --data DIR");
  if (made) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    throw refusal(exit_local,
                  "cannot write to the data folder " + path + ": " + std::strerror(errno) + "; choose another with --data DIR");
  }
}

int serve_until_signal(server& app, const serve_plan& plan) {
  held_signals signals;
  std::signal(SIGPIPE, SIG_IGN);  // the access log's reader may go away; the server stays
  check_log_file(plan.access_log);
  const auto view = make_view(plan.show);
  if (view) app.observe(view.get());
  app.threads(plan.threads).drain_time(drain_time).access_log(plan.access_log).on_message(log_message);
  try {
    app.listen("http://" + plan.http.to_string());
    app.start();
  } catch (const listen_error& error) {
    throw refusal(exit_local, listen_sentence(error.what()));
  }
  if (plan.mention_https) say("https is not there yet, so only http is served");
  announce(app);

  signals.wait();
  // A second one ends the process at once.
  signals.release();
  app.stop();
  return exit_done;
}

}  // namespace parley::tool
