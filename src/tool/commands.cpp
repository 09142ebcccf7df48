#include "tool/commands.hpp"

#include <parley/features.hpp>

#include "tool/exit_code.hpp"
#include "tool/nearest.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>

namespace parley::tool {

std::span<const command> commands() {
  static const std::vector<command> all{
      {"get", run_fetch_command},     {"head", run_fetch_command},   {"post", run_fetch_command},    {"put", run_fetch_command},
      {"patch", run_fetch_command},   {"delete", run_fetch_command}, {"options", run_fetch_command}, {"trace", run_fetch_command},
      {"request", run_fetch_command}, {"serve", run_serve_command},  {"demo", run_demo_command},     {"proxy", run_proxy_command},
      {"ca", run_ca_command},         {"help", run_help_command},
  };
  return all;
}

std::string overview() {
  return "parley " PARLEY_VERSION_STRING
         ": the whole HTTP session, both ends\n"
         "\n"
         "  parley COMMAND [OPTIONS]\n"
         "\n"
         "Fetch\n"
         "  get, head, delete, options, trace URL    send that method, print the answer\n"
         "  post, put, patch URL -d DATA             the same, with content\n"
         "  request [METHOD] URL                     any method\n"
         "\n"
         "Serve\n"
         "  demo                  a site, and customers in a database: the typical session\n"
         "  serve DIR             the files of a folder\n"
         "  proxy --forward       a forward proxy, which denies by default\n"
         "  ca                    the authority behind local https: how to trust it\n"
         "\n"
         "Try it\n"
         "  parley demo                               in one terminal, then in another\n"
         "  parley get localhost:8080 --show          the session, step by step\n"
         "  parley put localhost:8080/customers/100 --json \\\n"
         "    '{\"CustID\": 100, \"Name\": \"David Smith\", \"Address\": \"123 Bank Street\"}'\n"
         "\n"
         "parley COMMAND --help tells all about one; --version says which parley this is.\n";
}

namespace {

const command* find_command(std::string_view name) {
  const auto all = commands();
  const auto at = std::ranges::find(all, name, &command::name);
  return at == all.end() ? nullptr : &*at;
}

[[noreturn]] void refuse_unknown_command(std::string_view name) {
  std::vector<std::string> names;
  for (const command& c : commands()) names.push_back(c.name);
  names.emplace_back("--version");
  const std::string_view meant = nearest(name, names);
  throw refusal(exit_usage, "there is no command " + trace::printable(name) +
                                (meant.empty() ? "; parley --help lists them" : "; did you mean " + std::string(meant) + "?"));
}

int print(std::string_view text) { return write_all(STDOUT_FILENO, text) ? exit_done : exit_local; }

std::string about_version() {
  std::string text = "parley " PARLEY_VERSION_STRING "\n";
  for (const std::string& each : features()) text += "  " + each + "\n";
  return text;
}

[[noreturn]] void refuse_unknown_option(std::string_view name) {
  static const std::vector<std::string> known{"--help", "--version"};
  const std::string_view meant = name.starts_with("--") ? nearest(name, known) : std::string_view();
  throw refusal(exit_usage, "there is no option " + trace::printable(name) + " before a command; " +
                                (meant.empty() ? "parley --help lists the commands" : "did you mean " + std::string(meant) + "?"));
}

void refuse_more(const std::vector<std::string>& words, const std::string& takes) {
  if (words.size() > 1) throw refusal(exit_usage, takes + "; got " + trace::printable(words[1]) + " as well");
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) return print(overview());
  if (words.front() == "--version" || words.front() == "--help" || words.front() == "-h") {
    refuse_more(words, words.front() + " stands alone");
    return print(words.front() == "--version" ? about_version() : overview());
  }
  if (words.front().starts_with('-')) refuse_unknown_option(words.front());
  const command* chosen = find_command(words.front());
  if (chosen == nullptr) refuse_unknown_command(words.front());
  return chosen->run(*chosen, {words.begin() + 1, words.end()});
}

}  // namespace

int run_help_command(const command&, const std::vector<std::string>& words) {
  if (words.empty() || words.front().starts_with('-')) return print(overview());
  refuse_more(words, "help takes one command");
  return dispatch({words.front(), "--help"});
}

int run_command_line(const std::vector<std::string>& words) {
  try {
    return dispatch(words);
  } catch (const refusal& error) {
    say(error.what());
    return error.code();
  } catch (const std::exception& error) {
    say(error.what());
    return exit_local;
  }
}

}  // namespace parley::tool
