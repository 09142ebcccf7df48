// parley serve DIR.
#include <parley/files.hpp>
#include <parley/server.hpp>

#include "tool/arguments.hpp"
#include "tool/commands.hpp"
#include "tool/exit_code.hpp"
#include "tool/serve_plan.hpp"
#include "tool/serving.hpp"
#include "tool/terminal.hpp"

#include <unistd.h>

#include <system_error>

namespace parley::tool {

int run_serve_command(const command& self, const std::vector<std::string>& words) {
  arguments args(
      self.name, "DIR",
      "Serves the files of a folder: index.html for a folder of it, or with --list what is in it, no hidden files (names that "
      "begin with a dot, but "
      "for "
      ".well-known), nothing outside of it. Runs until Ctrl-C or SIGTERM, then finishes what it is doing, within 10 seconds.");
  serve_options options;
  args.group("Files").flag("--list", options.list, "show what is in a folder that has no index.html");
  declare_serve_options(args, options);
  args.note(
      "Standard error gets a line for each address (listening http 127.0.0.1:8080), then ready. The exit status is 0 after Ctrl-C "
      "or "
      "SIGTERM, 2 for a wrong command line or configuration, 3 when an address, a file or DIR cannot be used.");
  args.example_line("parley serve public", "then open http://127.0.0.1:8080 in a browser, or https://localhost:8443")
      .example_line("parley serve . --http 0.0.0.0:8000 --access-log -",
                    "for the whole network, with a line a request on standard output");
  const std::vector<std::string> positionals = args.parse(words);
  if (args.help_wanted()) return write_all(STDOUT_FILENO, args.help(80)) ? exit_done : exit_local;
  if (positionals.size() != 1) {
    throw refusal(exit_usage, positionals.empty() ? "serve needs a folder, such as parley serve ."
                                                  : "serve takes one folder; got " + std::to_string(positionals.size()));
  }

  serve_plan plan = make_serve_plan(options);
  raise_file_limit(plan.caps);
  server app(plan.caps);
  try {
    const parley::files folder = parley::files(positionals.front()).listing(plan.list).precompressed(plan.compress);
    app.files("/{path...}", folder);
  } catch (const std::system_error& error) {
    throw refusal(exit_local, "cannot serve " + positionals.front() + ": " + error.code().message());
  }
  return serve_until_signal(app, plan);
}

}  // namespace parley::tool
