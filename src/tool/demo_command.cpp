// parley demo.
#include <parley/server.hpp>

#include "demo/demo.hpp"
#include "tool/arguments.hpp"
#include "tool/commands.hpp"
#include "tool/exit_code.hpp"
#include "tool/serve_plan.hpp"
#include "tool/serving.hpp"
#include "tool/terminal.hpp"

#include <unistd.h>

#include <stdexcept>

namespace parley::tool {

int run_demo_command(const command& self, const std::vector<std::string>& words) {
  arguments args(self.name, "",
                 "Serves a small site: a test page at /, customers in a database at /customers, forms, files, login. Runs until "
                 "Ctrl-C or SIGTERM, "
                 "then finishes what it is doing, within 10 seconds.");
  serve_options options;
  declare_serve_options(args, options);
  args.note(
      "Standard error gets a line for each address (listening http 127.0.0.1:8080), then ready. The exit status is 0 after Ctrl-C "
      "or "
      "SIGTERM, 2 for a wrong command line or configuration, 3 when an address, a file or the data folder cannot be used.");
  args.example_line("parley demo", "then open http://127.0.0.1:8080 in a browser, or https://localhost:8443")
      .example_line("parley demo --http '[::1]:0' --data /tmp/try --show",
                    "on any free IPv6 port, with data of its own, seeing each step");
  const std::vector<std::string> positionals = args.parse(words);
  if (args.help_wanted()) return write_all(STDOUT_FILENO, args.help(80)) ? exit_done : exit_local;
  if (!positionals.empty())
    throw refusal(exit_usage, "demo takes no " + positionals.front() + "; parley serve DIR serves a folder");

  const serve_plan plan = make_serve_plan(options);
  named_where_it_stands(plan.from_file, [&] { make_data_folder(plan.data); });
  raise_file_limit(plan.caps);
  server app(plan.caps);
  try {
    demo::install(app, demo::options().data(plan.data));
  } catch (const std::runtime_error& error) {  // a database, a key or a folder that cannot be used; it names the file
    throw refusal(exit_local, error.what());
  }
  return serve_until_signal(app, plan);
}

}  // namespace parley::tool
