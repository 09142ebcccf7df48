// What the command's exit status says. Kept stable; docs/command.md has the table.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace parley::tool {

enum exit_code : int {
  exit_done = 0,          // also for a response with an error status, unless --fail
  exit_fetch_failed = 1,  // no response, or not all of it: look-up, connect, time, protocol, connection lost
  exit_usage = 2,         // the command line or the configuration asks for what does not exist, or does not exist yet
  exit_local = 3,         // something of this machine: an address to listen on, a file, a folder, the terminal
  exit_status = 22,       // --fail, and the status was 400 or above; the number is curl's
};

/// Ends the command: one sentence for standard error, and the exit status.
class refusal : public std::runtime_error {
 public:
  /// `about`: the options (`access-log`) whose values may be at fault, where the sentence does not begin with one (`--threads takes ...`).
  refusal(exit_code code, const std::string& sentence, std::vector<std::string> about = {})
      : std::runtime_error(sentence), code_(code), about_(std::move(about)) {}
  [[nodiscard]] exit_code code() const { return code_; }
  [[nodiscard]] const std::vector<std::string>& about() const { return about_; }

 private:
  exit_code code_;
  std::vector<std::string> about_;
};

}  // namespace parley::tool
