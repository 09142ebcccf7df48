// The subcommands: which there are, and what each does. One file each: fetch_commands.cpp, serve_command.cpp, demo_command.cpp, proxy_command.cpp, ca_command.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tool {

struct command {
  std::string name;
  /// Words behind the name; the exit status. Throws `refusal`.
  int (*run)(const command& self, const std::vector<std::string>& words);
};

[[nodiscard]] std::span<const command> commands();

/// `get`, `head`, `post`..., and `request`.
int run_fetch_command(const command& self, const std::vector<std::string>& words);
int run_serve_command(const command& self, const std::vector<std::string>& words);
int run_demo_command(const command& self, const std::vector<std::string>& words);
int run_proxy_command(const command& self, const std::vector<std::string>& words);
int run_ca_command(const command& self, const std::vector<std::string>& words);
int run_help_command(const command& self, const std::vector<std::string>& words);

/// What `parley` alone says.
[[nodiscard]] std::string overview();

/// The whole command: everything behind the program's name; the exit status. Says what is wrong on standard error.
int run_command_line(const std::vector<std::string>& words);

}  // namespace parley::tool
