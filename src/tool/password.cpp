#include "tool/password.hpp"

#include "tool/exit_code.hpp"
#include "tool/terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace parley::tool {

namespace {

constexpr std::size_t longest_password = 4096;

/// The terminal shows what is typed again when this goes.
class unseen {
 public:
  explicit unseen(int terminal) : terminal_(terminal) {
    changed_ = ::tcgetattr(terminal, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (changed_) ::tcsetattr(terminal, TCSAFLUSH, &quiet);
  }
  ~unseen() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  unseen(const unseen&) = delete;
  unseen& operator=(const unseen&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

std::string ask_password(const std::string& prompt) {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) {
    throw refusal(exit_usage,
                  "there is no password, and no terminal to ask for one; write -u USER:PASSWORD, or use --password-file FILE");
  }
  std::string typed;
  {
    const unseen quiet(terminal);
    write_all(terminal, prompt);
    for (char c = 0; typed.size() < longest_password;) {
      const ssize_t n = ::read(terminal, &c, 1);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0 || c == '\n' || c == '\r') break;
      typed += c;
    }
    write_all(terminal, "\n");
  }
  ::close(terminal);
  return typed;
}

}  // namespace parley::tool
